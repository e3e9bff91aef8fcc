/* Results: their names, their texts, and what exactly was wrong. */
#include <cstdio>
#include <unordered_set>

#include "driver.h"

namespace softcuda {

Result fail(Result result, const std::string &message) {
    Driver &state = driver();
    state.message = std::string(state.call) + ": " + message;
    state.message_result = result;
    if (state.settings.verbose) {
        fprintf(stderr, "softcuda: %s\n", state.message.c_str());
    }
    return result;
}

void lose_context(Result result, const std::string &message) {
    fail(result, message);
    driver().primary->sticky = result;
}

namespace {

struct ResultText {
    Result result;
    const char *name;
    const char *text;
};

constexpr ResultText RESULTS[] = {
#define SOFTCUDA_DESCRIBE(name, number, text) {name, #name, text},
    SOFTCUDA_RESULTS(SOFTCUDA_DESCRIBE)
#undef SOFTCUDA_DESCRIBE
};

const ResultText *find_text(Result result) {
    for (const ResultText &known : RESULTS) {
        if (known.result == result) {
            return &known;
        }
    }
    return nullptr;
}

} // namespace

extern "C" Result cuGetErrorName(Result result, const char **name) {
    const ResultText *known = find_text(result);
    *name = known == nullptr ? nullptr : known->name;
    return known == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

/* The driver's text; for the last failure with what softcuda knows of it. The string stays, as callers expect. */
extern "C" Result cuGetErrorString(Result result, const char **text) {
    const ResultText *known = find_text(result);
    if (known == nullptr) {
        *text = nullptr;
        return CUDA_ERROR_INVALID_VALUE;
    }
    const Lock lock(driver().lock);
    *text = known->text[0] == '\0' ? known->name : known->text;
    if (result != CUDA_SUCCESS && result == driver().message_result) {
        static auto *kept = new std::unordered_set<std::string>;
        *text = kept->insert(std::string(*text) + " [" + driver().message + "]").first->c_str();
    }
    return CUDA_SUCCESS;
}

} // namespace softcuda
