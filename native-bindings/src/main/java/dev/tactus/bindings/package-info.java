/** Binding of native symbols to method handles; every other module comes here instead of calling the linker. */
package dev.tactus.bindings;
