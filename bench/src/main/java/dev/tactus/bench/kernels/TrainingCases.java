package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import dev.tactus.bench.kernels.KernelCase.Work;
import dev.tactus.kernel.c.FloatGemm;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import java.util.ArrayList;
import java.util.List;

/** The three float32 products of a linear layer in training. */
final class TrainingCases {
    static final String OP = "train";

    private TrainingCases() {}

    /** The products, by what they compute. */
    private enum Product {
        FORWARD("y"),
        INPUT_GRADIENT("dx"),
        WEIGHT_GRADIENT("dw");

        private final String result;

        Product(final String result) {
            this.result = result;
        }
    }

    static List<KernelCase> of(final KernelScenario scenario) {
        final List<KernelCase> cases = new ArrayList<>();
        for (final FloatGemm.Shape shape : scenario.shapes().layers()) {
            for (final Product product : Product.values()) {
                for (final Isa isa : scenario.isas()) {
                    cases.add(product(new FloatGemm(isa), product, shape));
                }
            }
        }
        return cases;
    }

    private static KernelCase product(final FloatGemm gemm, final Product product, final FloatGemm.Shape s) {
        final long weights = (long) s.outputs() * s.inputs();
        return new KernelCase(
                OP,
                s.rows() + "x" + s.outputs() + "x" + s.inputs() + ", " + product.result,
                "f32",
                "c/" + gemm.isa().label(),
                Cost.of(weights * Float.BYTES, 2.0 * weights * s.rows()),
                Bound.FMA,
                true,
                operands -> work(operands, gemm, product, s));
    }

    private static Work work(
            final Operands operands, final FloatGemm gemm, final Product product, final FloatGemm.Shape s) {
        final Region x = operands.noise((long) s.rows() * s.inputs());
        final Region w = operands.noise((long) s.outputs() * s.inputs());
        final Region y = operands.noise((long) s.rows() * s.outputs());
        final Region[] scratch = operands.scratch(gemm.scratchBytes());
        return (part, parts, worker) -> {
            final FloatGemm.Worker self = new FloatGemm.Worker(part, parts, scratch[worker]);
            switch (product) {
                case FORWARD -> gemm.forward(s, x, w, y, self);
                case INPUT_GRADIENT -> gemm.inputGradient(s, y, w, x, self);
                default -> gemm.weightGradient(s, y, x, w, self);
            }
        };
    }
}
