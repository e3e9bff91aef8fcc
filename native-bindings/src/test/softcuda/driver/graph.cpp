/* Graphs: what a capture recorded, launched again and again. */
#include "driver.h"

namespace softcuda {

extern "C" {

Result cuGraphInstantiateWithFlags(GraphExec **exec, Graph *graph, unsigned long long) {
    return in_context("cuGraphInstantiateWithFlags", [&](Lock &) -> Result {
        const Result result = require(current_context()->graphs, graph, "graph");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        *exec = new GraphExec;
        for (const auto &node : graph->nodes) {
            (*exec)->operations.push_back(node->operation);
        }
        current_context()->graph_execs.insert(*exec);
        return CUDA_SUCCESS;
    });
}

Result cuGraphLaunch(GraphExec *exec, Stream *handle) {
    return on_stream("cuGraphLaunch", handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require(current_context()->graph_execs, exec, "executable graph");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        if (stream->capture == nullptr) {
            driver().statistics.graph_launches++;
        }
        for (const Operation &operation : exec->operations) {
            const Result submitted = submit(stream, operation);
            if (submitted != CUDA_SUCCESS) {
                return submitted;
            }
        }
        return CUDA_SUCCESS;
    });
}

Result cuGraphUpload(GraphExec *exec, Stream *handle) {
    return on_stream("cuGraphUpload", handle, [&](Lock &, Stream *) {
        return require(current_context()->graph_execs, exec, "executable graph");
    });
}

Result cuGraphExecDestroy(GraphExec *exec) {
    return in_context("cuGraphExecDestroy", [&](Lock &) -> Result {
        const Result result = require(current_context()->graph_execs, exec, "executable graph");
        if (result == CUDA_SUCCESS) {
            current_context()->graph_execs.erase(exec);
            delete exec;
        }
        return result;
    });
}

Result cuGraphDestroy(Graph *graph) {
    return in_context("cuGraphDestroy", [&](Lock &) -> Result {
        const Result result = require(current_context()->graphs, graph, "graph");
        if (result == CUDA_SUCCESS) {
            current_context()->graphs.erase(graph);
            delete graph;
        }
        return result;
    });
}

/* With null for the nodes it only counts them. */
Result cuGraphGetNodes(Graph *graph, GraphNode **nodes, size_t *count) {
    return in_context("cuGraphGetNodes", [&](Lock &) -> Result {
        const Result result = require(current_context()->graphs, graph, "graph");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        const size_t known = graph->nodes.size();
        if (nodes != nullptr) {
            for (size_t i = 0; i < *count; i++) {
                nodes[i] = i < known ? graph->nodes[i].get() : nullptr;
            }
            *count = *count < known ? *count : known;
        } else {
            *count = known;
        }
        return CUDA_SUCCESS;
    });
}

Result cuGraphNodeGetType(GraphNode *node, int *type) {
    return in_context("cuGraphNodeGetType", [&](Lock &) -> Result {
        for (const Graph *graph : current_context()->graphs) {
            for (const auto &known : graph->nodes) {
                if (known.get() == node) {
                    *type = node->operation.node_type;
                    return CUDA_SUCCESS;
                }
            }
        }
        return fail(CUDA_ERROR_INVALID_VALUE, "no such node");
    });
}

} // extern "C"

} // namespace softcuda
