/* What ThreadSanitizer is told of the order between CUDA threads; nothing in an ordinary build. */
#ifndef SOFTCUDA_RACE_DETECTOR_H
#define SOFTCUDA_RACE_DETECTOR_H

#ifdef SOFTCUDA_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace softcuda {

#ifdef SOFTCUDA_TSAN
inline constexpr bool RACE_DETECTOR = true;
/* What comes before a release of an address comes before what follows an acquire of it. */
inline void race_release(void *address) { __tsan_release(address); }
inline void race_acquire(void *address) { __tsan_acquire(address); }
#else
inline constexpr bool RACE_DETECTOR = false;
inline void race_release(void *) {}
inline void race_acquire(void *) {}
#endif

} // namespace softcuda

#endif
