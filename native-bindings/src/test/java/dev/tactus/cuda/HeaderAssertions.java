package dev.tactus.cuda;

import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cublaslt.ffi.CublasLtApi;
import dev.tactus.cublaslt.ffi.cublasLtMatmulAlgo_t;
import dev.tactus.cublaslt.ffi.cublasLtMatmulHeuristicResult_t;
import dev.tactus.cuda.ffi.CUuuid_st;
import dev.tactus.cuda.ffi.CudaDriverApi;
import dev.tactus.cudnn.ffi.CudnnApi;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes what the generated bindings claim about the C headers as C++ that compiles only where it is true: the sizes
 * and kinds of every function's result and parameters, the layout of every struct, the value of every constant.
 *
 * <p>A program of its own, since the generated classes want their libraries: it is started with stand-ins for them on
 * the library path.
 */
public final class HeaderAssertions {
    /** These are the version of the header that was read, not a claim. */
    private static final Set<String> VERSIONS =
            Set.of("CUDA_VERSION", "CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL");

    private static final Pattern CONSTANT = Pattern.compile("[A-Z0-9_]+");
    private static final String DESCRIPTOR = "$descriptor";
    private static final int POINTER = 100;
    private static final int FLOATING = 200;

    private static final String PRELUDE = """
        #include <cstddef>
        #include <initializer_list>
        #include <type_traits>
        template <class T> constexpr int code() {
            if constexpr (std::is_void_v<T>) return 0;
            else if constexpr (std::is_pointer_v<T>) return 100 + sizeof(T);
            else if constexpr (std::is_floating_point_v<T>) return 200 + sizeof(T);
            else { static_assert(std::is_integral_v<T> || std::is_enum_v<T>, "a struct by value"); return sizeof(T); }
        }
        template <class F> struct Signature;
        template <class R, class... A> struct Signature<R(A...)> {
            static constexpr bool is(std::initializer_list<int> expected) {
                const int actual[] = {code<R>(), code<A>()...};
                if (expected.size() != 1 + sizeof...(A)) return false;
                for (size_t i = 0; i < expected.size(); i++) if (expected.begin()[i] != actual[i]) return false;
                return true;
            }
        };
        """;

    private HeaderAssertions() {}

    /**
     * Writes {@code cuda.cpp}, {@code cudnn.cpp} and {@code cublaslt.cpp}.
     *
     * @param args the folder for them
     */
    public static void main(final String[] args) throws ReflectiveOperationException, IOException {
        final Path folder = Path.of(args[0]);
        write(folder.resolve("cuda.cpp"), "cuda.h", CudaDriverApi.class, Map.of("CUuuid_st", CUuuid_st.layout()));
        write(folder.resolve("cudnn.cpp"), "cudnn.h", CudnnApi.class, Map.of());
        write(
                folder.resolve("cublaslt.cpp"),
                "cublasLt.h",
                CublasLtApi.class,
                Map.of(
                        "cublasLtMatmulAlgo_t", cublasLtMatmulAlgo_t.layout(),
                        "cublasLtMatmulHeuristicResult_t", cublasLtMatmulHeuristicResult_t.layout()));
        requireSame("cuInit", DriverProbe.INIT, CudaDriverApi.cuInit$descriptor());
        requireSame("cuDriverGetVersion", DriverProbe.GET_VERSION, CudaDriverApi.cuDriverGetVersion$descriptor());
        requireSame("cuDeviceGetCount", DriverProbe.GET_COUNT, CudaDriverApi.cuDeviceGetCount$descriptor());
        requireSame("cuGetErrorName", DriverProbe.GET_ERROR_NAME, CudaDriverApi.cuGetErrorName$descriptor());
    }

    /** The few signatures written by hand are those of the generated class. */
    private static void requireSame(
            final String function, final FunctionDescriptor byHand, final FunctionDescriptor generated) {
        if (!byHand.toMethodType()
                .equals(NativeSymbols.withRawAddresses(generated).toMethodType())) {
            throw new AssertionError(function + ": " + byHand + " by hand, " + generated + " generated");
        }
    }

    private static void write(
            final Path file, final String header, final Class<?> api, final Map<String, GroupLayout> structs)
            throws ReflectiveOperationException, IOException {
        final List<String> lines = new ArrayList<>(List.of("#include <" + header + ">", PRELUDE));
        final List<Method> methods = Stream.of(api.getMethods())
                .filter(method -> Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 0)
                .sorted(Comparator.comparing(Method::getName))
                .toList();
        for (final Method method : methods) {
            if (method.getName().endsWith(DESCRIPTOR)) {
                final String function =
                        method.getName().substring(0, method.getName().length() - DESCRIPTOR.length());
                final String codes = codes((FunctionDescriptor) method.invoke(null));
                lines.add("static_assert(Signature<decltype(" + function + ")>::is({" + codes + "}), \"" + function
                        + " has another signature\");");
            } else if (CONSTANT.matcher(method.getName()).matches() && !VERSIONS.contains(method.getName())) {
                final String name = method.getName();
                lines.add("static_assert(static_cast<long>(" + name + ") == " + method.invoke(null) + ", \"" + name
                        + " has another value\");");
            }
        }
        structs.forEach((name, layout) -> lines.addAll(struct(name, layout)));
        Files.write(file, lines);
    }

    private static List<String> struct(final String name, final GroupLayout layout) {
        final List<String> lines = new ArrayList<>();
        lines.add("static_assert(sizeof(" + name + ") == " + layout.byteSize() + " && alignof(" + name + ") == "
                + layout.byteAlignment() + ", \"" + name + " has another size\");");
        long offset = 0;
        for (final MemoryLayout member : layout.memberLayouts()) {
            if (!(member instanceof PaddingLayout)) {
                final String field = member.name().orElseThrow();
                lines.add("static_assert(offsetof(" + name + ", " + field + ") == " + offset + " && sizeof(" + name
                        + "::" + field + ") == " + member.byteSize() + ", \"" + name + "." + field
                        + " is elsewhere\");");
            }
            offset += member.byteSize();
        }
        return lines;
    }

    private static String codes(final FunctionDescriptor descriptor) {
        return Stream.concat(
                        Stream.of(descriptor
                                .returnLayout()
                                .map(HeaderAssertions::code)
                                .orElse(0)),
                        descriptor.argumentLayouts().stream().map(HeaderAssertions::code))
                .map(String::valueOf)
                .collect(Collectors.joining(", "));
    }

    private static int code(final MemoryLayout layout) {
        final int bytes = (int) layout.byteSize();
        if (layout instanceof AddressLayout) {
            return POINTER + bytes;
        }
        return layout instanceof ValueLayout.OfFloat || layout instanceof ValueLayout.OfDouble
                ? FLOATING + bytes
                : bytes;
    }
}
