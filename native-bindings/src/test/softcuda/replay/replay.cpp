/*
 * Runs recorded launches of kernels again:
 *
 *   softcuda-replay LIBRARY SEED FILE...     per file a line: the kernel and a hash of all memory that it left
 *   softcuda-replay --sites LIBRARY FILE...  per file lines: the file, and where a barrier or warp operation is that
 *                                            the launch comes to
 *
 * or what went wrong. With the same seed and
 * library the hashes are the same; a library whose hashes depend on the seed has a race. Under the thread sanitizer the
 * reports of the sanitizer stand before the line. Exit status 0: all launches ended; 1: one failed; 2: cannot run.
 */
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../runtime/launch.h"
#include "../runtime/poison.h"
#include "recording.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace softcuda {
namespace {

constexpr int UNABLE = 2;

/* A recording that has been put back to where it was. */
class Recording {
  public:
    /* Empty, or why it cannot be put there. */
    std::string open(const char *path);
    void close();

    Grid grid(uint64_t seed);
    uint64_t hash() const;
    const char *kernel() const { return launch_.kernel; }

  private:
    struct Mapping {
        uintptr_t start, end;
    };

    template <class T> bool read(T &value) { return fread(&value, sizeof value, 1, file_.get()) == 1; }
    bool read_parameters();
    bool read_ranges();
    std::string map_pages();

    struct CloseFile {
        void operator()(FILE *file) const { fclose(file); }
    };

    std::unique_ptr<FILE, CloseFile> file_;
    RecordedLaunch launch_{};
    std::vector<char> parameter_bytes_;
    std::vector<void *> parameters_;
    std::vector<RecordedRange> ranges_;
    std::vector<long> pages_at_; /* in the file, of each range */
    std::vector<Mapping> mappings_;
};

bool Recording::read_parameters() {
    parameter_bytes_.assign(8192, 0);
    parameters_.clear();
    for (uint32_t i = 0; i < launch_.parameters; i++) {
        uint32_t place[2];
        if (!read(place) || place[0] + place[1] > parameter_bytes_.size()) {
            return false;
        }
        char *at = parameter_bytes_.data() + place[0];
        parameters_.push_back(at);
        if (fread(at, 1, place[1], file_.get()) != place[1]) {
            return false;
        }
    }
    return true;
}

/* Looks where ranges lie; their pages are read when there is memory for them. */
bool Recording::read_ranges() {
    ranges_.clear();
    pages_at_.clear();
    for (uint32_t i = 0; i < launch_.ranges; i++) {
        RecordedRange range;
        if (!read(range)) {
            return false;
        }
        ranges_.push_back(range);
        pages_at_.push_back(ftell(file_.get()));
        uint64_t at;
        while (read(at) && at != RECORD_END) {
            fseek(file_.get(), static_cast<long>(std::min(RECORD_PAGE, range.bytes - at)), SEEK_CUR);
        }
    }
    return true;
}

std::string Recording::map_pages() {
    constexpr uintptr_t page = 4096;
    for (const RecordedRange &range : ranges_) {
        /* red zones of the allocation are written by nobody, but wide reads may end in them */
        Mapping wanted{(range.start - 512) / page * page, (range.start + range.bytes + 256 + page - 1) / page * page};
        if (!mappings_.empty() && mappings_.back().end > wanted.start) {
            wanted.start = mappings_.back().end;
        }
        if (wanted.start >= wanted.end) {
            continue;
        }
        void *memory = mmap(reinterpret_cast<void *>(wanted.start), wanted.end - wanted.start, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (memory != reinterpret_cast<void *>(wanted.start)) {
            return format("0x%zx is taken here (%s)", wanted.start, strerror(errno));
        }
        mappings_.push_back(wanted);
    }
    return {};
}

std::string Recording::open(const char *path) {
    file_.reset(fopen(path, "rb"));
    if (file_ == nullptr) {
        return strerror(errno);
    }
    if (!read(launch_) || launch_.magic != RECORD_MAGIC || !read_parameters() || !read_ranges()) {
        return "not a recorded launch";
    }
    const std::string problem = map_pages();
    if (!problem.empty()) {
        return problem;
    }
    for (size_t i = 0; i < ranges_.size(); i++) {
        char *memory = reinterpret_cast<char *>(ranges_[i].start);
        fill(memory, ranges_[i].bytes / 2 * 2, FRESH_POISON);
        fseek(file_.get(), pages_at_[i], SEEK_SET);
        uint64_t at;
        while (read(at) && at != RECORD_END) {
            const size_t bytes = std::min(RECORD_PAGE, ranges_[i].bytes - at);
            if (fread(memory + at, 1, bytes, file_.get()) != bytes) {
                return "cut short";
            }
        }
    }
    return {};
}

void Recording::close() {
    for (const Mapping &mapping : mappings_) {
        munmap(reinterpret_cast<void *>(mapping.start), mapping.end - mapping.start);
    }
    mappings_.clear();
    file_.reset();
}

Grid Recording::grid(uint64_t seed) {
    const KnownKernel *known = find_kernel(launch_.kernel);
    Grid grid;
    if (known != nullptr) {
        grid.kernel = known->kernel;
        grid.current = known->current;
    }
    grid.parameters = parameters_.data();
    grid.grid = launch_.grid;
    grid.block = launch_.block;
    grid.dynamic_shared_bytes = launch_.dynamic_shared_bytes;
    grid.seed = seed;
    return grid;
}

/* FNV-1a over words. */
uint64_t Recording::hash() const {
    uint64_t hash = 0xcbf29ce484222325;
    for (const RecordedRange &range : ranges_) {
        const char *memory = reinterpret_cast<const char *>(range.start);
        for (uint64_t at = 0; at < range.bytes; at += 8) {
            uint64_t word = 0;
            memcpy(&word, memory + at, std::min<uint64_t>(8, range.bytes - at));
            hash = (hash ^ word) * 0x100000001b3;
        }
    }
    return hash;
}

int replay(uint64_t seed, const char *path, bool print_sites) {
    static Recording recording;
    const std::string problem = recording.open(path);
    if (!problem.empty()) {
        fprintf(stderr, "softcuda-replay: %s: %s\n", path, problem.c_str());
        recording.close();
        return UNABLE;
    }
    const Grid grid = recording.grid(seed);
    int status = 0;
    if (grid.kernel == nullptr) {
        fprintf(stderr, "softcuda-replay: the library has no kernel %s\n", recording.kernel());
        status = UNABLE;
    } else {
        std::set<std::string> sites;
        const Fault fault = run_grid(grid, 1, print_sites ? &sites : nullptr);
        if (fault.kind != Fault::NONE) {
            printf("%s failed: %s\n", recording.kernel(), fault.message.c_str());
            status = 1;
        } else if (print_sites) {
            for (const std::string &site : sites) {
                printf("%s %s\n", path, site.c_str());
            }
        } else {
            printf("%s %016llx\n", recording.kernel(), static_cast<unsigned long long>(recording.hash()));
        }
    }
    recording.close();
    return status;
}

int replay_all(int count, char **arguments) {
    if (count < 4) {
        fprintf(stderr, "usage: softcuda-replay LIBRARY SEED FILE... | --sites LIBRARY FILE...\n");
        return UNABLE;
    }
    const bool print_sites = strcmp(arguments[1], "--sites") == 0;
    const std::string problem = load_library(arguments[print_sites ? 2 : 1]);
    if (!problem.empty()) {
        fprintf(stderr, "softcuda-replay: %s\n", problem.c_str());
        return UNABLE;
    }
    const uint64_t seed = print_sites ? 0 : strtoull(arguments[2], nullptr, 10);
    int status = 0;
    for (int i = 3; i < count; i++) {
        status = std::max(status, replay(seed, arguments[i], print_sites));
        fflush(stdout);
    }
    return status;
}

} // namespace
} // namespace softcuda

int main(int count, char **arguments) { return softcuda::replay_all(count, arguments); }
