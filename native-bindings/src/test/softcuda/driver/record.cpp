/* Launches written to files, to be run again by softcuda-replay: under a race detector, in other orders, mutated. */
#include <sys/stat.h>

#include <cstdio>

#include "../runtime/launch.h"
#include "../runtime/poison.h"
#include "../replay/recording.h"
#include "driver.h"

namespace softcuda {
namespace {

bool is_poison(const char *page) { return first_change(page, RECORD_PAGE, FRESH_POISON) == RECORD_PAGE; }

/* The pages of a range that somebody has written; the last one may be short. */
void write_range(FILE *file, uintptr_t start, const Range &range) {
    const RecordedRange header{start, range.bytes};
    fwrite(&header, sizeof header, 1, file);
    const char *memory = reinterpret_cast<const char *>(start);
    for (uint64_t at = 0; at < range.bytes; at += RECORD_PAGE) {
        const uint64_t bytes = range.bytes - at < RECORD_PAGE ? range.bytes - at : RECORD_PAGE;
        if (bytes < RECORD_PAGE || !is_poison(memory + at)) {
            fwrite(&at, sizeof at, 1, file);
            fwrite(memory + at, 1, bytes, file);
        }
    }
    fwrite(&RECORD_END, sizeof RECORD_END, 1, file);
}

} // namespace

void record_launch(const Grid &grid, const std::vector<uint32_t> &offsets, const std::vector<uint32_t> &sizes) {
    const Settings &settings = driver().settings;
    if (settings.record.empty()) {
        return;
    }
    const unsigned number = driver().recorded[grid.kernel->name]++;
    if (number >= settings.record_each) {
        return;
    }
    mkdir(settings.record.c_str(), 0777);
    const std::string path = settings.record + "/" + format("%s-%u.launch", grid.kernel->name, number);
    FILE *file = fopen(path.c_str(), "wb");
    if (file == nullptr) {
        fprintf(stderr, "softcuda: cannot write %s\n", path.c_str());
        return;
    }
    RecordedLaunch launch{};
    launch.magic = RECORD_MAGIC;
    snprintf(launch.kernel, sizeof launch.kernel, "%s", grid.kernel->name);
    launch.grid = grid.grid;
    launch.block = grid.block;
    launch.dynamic_shared_bytes = grid.dynamic_shared_bytes;
    launch.parameters = static_cast<uint32_t>(sizes.size());
    for (const auto &[start, range] : driver().ranges.all()) {
        launch.ranges += range.freed ? 0 : 1;
    }
    fwrite(&launch, sizeof launch, 1, file);
    for (size_t i = 0; i < sizes.size(); i++) {
        const uint32_t place[] = {offsets[i], sizes[i]};
        fwrite(place, sizeof place, 1, file);
        fwrite(grid.parameters[i], 1, sizes[i], file);
    }
    for (const auto &[start, range] : driver().ranges.all()) {
        if (!range.freed) {
            write_range(file, start, range);
        }
    }
    fclose(file);
}

} // namespace softcuda
