#include "image.h"

#include <cstring>
#include <map>

#include "../runtime/executor.h"

namespace softcuda {
namespace {

/* ---- bytes ---- */

template <class T> T read(const char *at) {
    T value;
    memcpy(&value, at, sizeof value);
    return value;
}

uint16_t u16(const char *at) { return read<uint16_t>(at); }
uint32_t u32(const char *at) { return read<uint32_t>(at); }
uint64_t u64(const char *at) { return read<uint64_t>(at); }

/* ---- cubins: ELF files for the machine EM_CUDA ---- */

constexpr uint16_t EM_CUDA = 190;
constexpr int SH_TYPE = 4, SH_OFFSET = 24, SH_SIZE = 32, SH_LINK = 40;
constexpr uint32_t SHT_SYMTAB = 2;
constexpr size_t SYMBOL_BYTES = 24;

/* Attributes of .nv.info sections; of their values. */
constexpr uint8_t FORMAT_SIZED = 4;
constexpr uint8_t ATTRIBUTE_MAX_THREADS = 0x05, ATTRIBUTE_FRAME_SIZE = 0x11, ATTRIBUTE_PARAMETER = 0x17,
                  ATTRIBUTE_REGISTERS = 0x2f, ATTRIBUTE_PARAMETER_V2 = 0x45;

class Cubin {
  public:
    explicit Cubin(const char *elf)
        : elf_(elf), sections_(elf + u64(elf + 0x28)), section_bytes_(u16(elf + 0x3a)), count_(u16(elf + 0x3c)) {
        names_ = elf + u64(section(u16(elf + 0x3e)) + SH_OFFSET);
    }

    static bool is(const char *at) { return memcmp(at, "\177ELF", 4) == 0 && u16(at + 18) == EM_CUDA; }

    void read_kernels(std::vector<KernelImage> &kernels) {
        for (size_t i = 0; i < count_; i++) {
            const std::string name = names_ + u32(section(i));
            if (name.rfind(".nv.info.", 0) == 0) {
                KernelImage &kernel = kernels_[name.substr(9)];
                for_attributes(i, [&](uint8_t id, const char *value, size_t bytes) {
                    kernel_attribute(kernel, id, value, bytes);
                });
            }
        }
        for (size_t i = 0; i < count_; i++) {
            const std::string name = names_ + u32(section(i));
            if (name.rfind(".nv.shared.", 0) == 0) {
                const auto known = kernels_.find(name.substr(11));
                if (known != kernels_.end()) {
                    known->second.static_shared_bytes = static_cast<uint32_t>(u64(section(i) + SH_SIZE));
                }
            } else if (name == ".nv.info") {
                for_attributes(i, [&](uint8_t id, const char *value, size_t bytes) {
                    module_attribute(id, value, bytes);
                });
            }
        }
        for (auto &[name, kernel] : kernels_) {
            kernel.name = name;
            kernel.architecture = u32(elf_ + 0x30) >> 8 & 0xff;
            kernels.push_back(kernel);
        }
    }

  private:
    const char *section(size_t i) const { return sections_ + i * section_bytes_; }

    /* Calls body(id, value, bytes) for the attributes of a section that have a size of their own. */
    template <class F> void for_attributes(size_t i, F body) {
        const char *at = elf_ + u64(section(i) + SH_OFFSET);
        const char *end = at + u64(section(i) + SH_SIZE);
        while (at + 4 <= end) {
            const size_t bytes = u16(at + 2);
            if (static_cast<uint8_t>(at[0]) != FORMAT_SIZED) {
                at += 4;
                continue;
            }
            body(static_cast<uint8_t>(at[1]), at + 4, bytes);
            at += 4 + bytes;
        }
    }

    static void kernel_attribute(KernelImage &kernel, uint8_t id, const char *value, size_t bytes) {
        if (id == ATTRIBUTE_MAX_THREADS && bytes >= 12) {
            kernel.max_threads = u32(value) * u32(value + 4) * u32(value + 8);
        } else if (id == ATTRIBUTE_PARAMETER && bytes >= 12) {
            set_parameter(kernel, u16(value + 4), u16(value + 6), u32(value + 8) >> 18);
        } else if (id == ATTRIBUTE_PARAMETER_V2 && bytes >= 12) {
            set_parameter(kernel, u16(value + 4), u16(value + 6), u32(value + 8) >> 16);
        }
    }

    static void set_parameter(KernelImage &kernel, uint16_t ordinal, uint16_t offset, uint32_t bytes) {
        if (kernel.sizes.size() <= ordinal) {
            kernel.sizes.resize(ordinal + 1u);
            kernel.offsets.resize(ordinal + 1u);
        }
        kernel.sizes[ordinal] = bytes;
        kernel.offsets[ordinal] = offset;
    }

    /* Attributes of the module name a kernel by its symbol. */
    void module_attribute(uint8_t id, const char *value, size_t bytes) {
        if ((id != ATTRIBUTE_REGISTERS && id != ATTRIBUTE_FRAME_SIZE) || bytes < 8) {
            return;
        }
        const auto known = kernels_.find(symbol(u32(value)));
        if (known != kernels_.end()) {
            (id == ATTRIBUTE_REGISTERS ? known->second.registers : known->second.local_bytes) = u32(value + 4);
        }
    }

    std::string symbol(uint32_t number) const {
        for (size_t i = 0; i < count_; i++) {
            if (u32(section(i) + SH_TYPE) == SHT_SYMTAB) {
                const char *table = elf_ + u64(section(i) + SH_OFFSET);
                const char *strings = elf_ + u64(section(u32(section(i) + SH_LINK)) + SH_OFFSET);
                return strings + u32(table + number * SYMBOL_BYTES);
            }
        }
        return {};
    }

    const char *elf_;
    const char *sections_;
    size_t section_bytes_;
    size_t count_;
    const char *names_;
    std::map<std::string, KernelImage> kernels_;
};

/* ---- fatbins: entries with an architecture each ---- */

constexpr uint32_t FATBIN_MAGIC = 0xba55ed50;
constexpr uint16_t ENTRY_ELF = 2;
constexpr uint64_t FLAG_LZ4 = 0x2000, FLAG_ZSTD = 0x8000;
constexpr uint32_t ARCHITECTURE = 90;

/* An LZ4 block; false when it does not fill the output exactly. */
bool expand_lz4(const char *from, size_t bytes, std::vector<char> &to) {
    const auto *at = reinterpret_cast<const unsigned char *>(from), *end = at + bytes;
    size_t made = 0;
    const auto length = [&](size_t first) {
        for (unsigned char more = 255; first >= 15 && more == 255 && at < end;) {
            more = *at++;
            first += more;
        }
        return first;
    };
    while (at < end) {
        const unsigned token = *at++;
        const size_t literals = length(token >> 4);
        if (literals > static_cast<size_t>(end - at) || literals > to.size() - made) {
            return false;
        }
        memcpy(to.data() + made, at, literals);
        at += literals;
        made += literals;
        if (end - at < 2) {
            break;
        }
        const size_t distance = at[0] | at[1] << 8;
        at += 2;
        const size_t match = length(token & 15) + 4;
        if (distance == 0 || distance > made || match > to.size() - made) {
            return false;
        }
        for (size_t i = 0; i < match; i++, made++) {
            to[made] = to[made - distance];
        }
    }
    return made == to.size();
}

std::string read_fatbin(const char *fatbin, std::vector<KernelImage> &kernels) {
    const char *at = fatbin + u16(fatbin + 6);
    const char *end = at + u64(fatbin + 8);
    const char *best = nullptr;
    for (; at < end; at += u32(at + 4) + u64(at + 8)) {
        const uint32_t architecture = u32(at + 28);
        const bool runs = u16(at) == ENTRY_ELF && architecture <= ARCHITECTURE;
        if (runs && (best == nullptr || architecture > u32(best + 28))) {
            best = at;
        }
    }
    if (best == nullptr) {
        return "the fatbin has no code for compute capability 9.0 or below";
    }
    const char *payload = best + u32(best + 4);
    const uint64_t flags = u64(best + 40);
    if (flags & FLAG_ZSTD) {
        return "the fatbin is compressed as zstd: compile with nvcc -no-compress or -compress-mode=speed";
    }
    if ((flags & FLAG_LZ4) == 0) {
        Cubin(payload).read_kernels(kernels);
        return {};
    }
    std::vector<char> expanded(u64(best + 56));
    if (!expand_lz4(payload, u32(best + 16), expanded) || expanded.size() < 64 || !Cubin::is(expanded.data())) {
        return "the compressed code of the fatbin is damaged";
    }
    Cubin(expanded.data()).read_kernels(kernels);
    return {};
}

} // namespace

std::string read_image(const void *image, std::vector<KernelImage> &kernels) {
    const char *bytes = static_cast<const char *>(image);
    if (u32(bytes) == FATBIN_MAGIC) {
        return read_fatbin(bytes, kernels);
    }
    if (Cubin::is(bytes)) {
        Cubin(bytes).read_kernels(kernels);
        return {};
    }
    return "neither a cubin nor a fatbin (PTX alone is not read)";
}

} // namespace softcuda
