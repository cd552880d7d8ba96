// The core's exceptions become the classes of energysim/errors.py.
#include "errors.h"

#include "bindings.h"

namespace energysim::bindings {
namespace {

// Imported when needed: that module belongs to the package that is importing this one.
void set_error(const char* name, const std::exception& error) {
  const py::object type = py::module_::import("energysim.errors").attr(name);
  py::set_error(type, error.what());
}

}  // namespace

void bind_errors() {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NoMapping& error) {
      set_error("NoMapping", error);
    } catch (const InvalidMapping& error) {
      set_error("InvalidMapping", error);
    } catch (const InvalidInput& error) {
      set_error("InvalidInput", error);
    } catch (const CountOverflow& error) {
      set_error("CountOverflow", error);
    } catch (const PsumOverflow& error) {
      set_error("PsumOverflow", error);
    } catch (const Interrupted& error) {
      py::set_error(PyExc_KeyboardInterrupt, error.what());
    }
  });
}

}  // namespace energysim::bindings
