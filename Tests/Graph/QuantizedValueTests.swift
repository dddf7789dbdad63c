import EmotionFormerCore
import Testing

@testable import EmotionFormerGraph

/// Values that have a quantization, and operations on them.
@Suite struct QuantizedValueTests {
    /// x + x in int8.
    private static func program(
        _ quantizations: [String: ValueQuantization], attributes: Attributes = [:], type: ElementType = .int8
    ) -> Program {
        var all: Attributes = ["kind": .text("add"), "rule": .text("builtin")]
        for (name, value) in attributes.values { all[name] = value }
        return Program(
            graphs: [
                Graph(
                    name: "main", inputs: [GraphInput(name: "x", elementType: type, extents: [1, 3])], outputs: ["y"],
                    nodes: [
                        Node(
                            .integerArithmetic, name: "sum", inputs: ["x", "x"], outputs: ["y"], attributes: all)
                    ], quantizations: quantizations)
            ], tensors: [:])
    }

    private static let valid = [
        "x": ValueQuantization(scale: 0.5, zeroPoint: 3), "y": ValueQuantization(scale: 1, zeroPoint: -7),
    ]

    private static func fault(_ program: Program) -> Fault? {
        do throws(Fault) {
            let graph = try program.validated()
            _ = try graph.typed(inputShapes: [Shape(unchecked: [1, 3])], evaluator: NoEvaluator())
            return nil
        } catch {
            return error
        }
    }

    private struct NoEvaluator: ConstantEvaluator {
        func evaluate(
            _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
        ) throws(Fault) -> [Tensor] { throw Fault(.unsupportedOperation, at: "", "nothing is constant here") }
    }

    @Test("the program that the others spoil is valid, and its node knows the quantizations")
    func control() throws {
        let program = try Self.program(Self.valid).validated()
        let graph = try program.typed(inputShapes: [Shape(unchecked: [1, 3])], evaluator: NoEvaluator())
        #expect(graph.nodes[0].quantizations.input(1) == Self.valid["x"])
        #expect(graph.nodes[0].quantizations.output() == Self.valid["y"])
    }

    @Test("scales are positive and finite, zero points in the type's range, names those of values")
    func limits() {
        for scale in [0, -1, Float.infinity, .nan, -0.0] {
            var other = Self.valid
            other["x"] = ValueQuantization(scale: scale, zeroPoint: 0)
            #expect(Self.fault(Self.program(other))?.code == .invalidValue, "\(scale)")
        }
        for zeroPoint in [-129, 128, 40_000, Int.min, .max] {
            var other = Self.valid
            other["y"] = ValueQuantization(scale: 1, zeroPoint: zeroPoint)
            #expect(Self.fault(Self.program(other))?.code == .invalidValue, "\(zeroPoint)")
        }
        var other = Self.valid
        other["z"] = ValueQuantization(scale: 1, zeroPoint: 0)
        #expect(Self.fault(Self.program(other))?.code == .unknownName)
        #expect(Self.fault(Self.program(Self.valid, type: .int32))?.code == .elementTypeMismatch)
        #expect(Self.fault(Self.program(Self.valid, type: .float32))?.code == .elementTypeMismatch)
    }

    @Test("an operand or a result without a quantization, and scales too far apart, are refused")
    func missing() {
        for name in ["x", "y"] {
            var other = Self.valid
            other[name] = nil
            #expect(Self.fault(Self.program(other))?.code == .missingField, "\(name)")
        }
        for kind in ["add", "multiply", "squaredDifference"] {
            for (scale, result) in [(Float(3e38), Float(1e-38)), (1e30, 1e-30), (.leastNonzeroMagnitude, 3e38)] {
                let spoilt = [
                    "x": ValueQuantization(scale: scale, zeroPoint: 3),
                    "y": ValueQuantization(scale: result, zeroPoint: -7),
                ]
                for rule in ["xnnpack", "builtin"] {
                    let program = Self.program(spoilt, attributes: ["kind": .text(kind), "rule": .text(rule)])
                    // Whatever it says, it must not trap; a ratio that no fixed point has is refused.
                    let fault = Self.fault(program)
                    if scale > 1, rule == "builtin" { #expect(fault?.code == .invalidValue, "\(kind)") }
                }
            }
        }
    }

    @Test("float inputs and outputs: the names stay, quantize and dequantize stand between")
    func realInterface() throws {
        let program = Self.program(Self.valid).withRealInterface()
        let main = try program.validated().graphs[0]
        #expect(main.inputs.map(\.name) == ["x"] && main.inputs[0].elementType == .float32)
        #expect(main.outputs == ["y"])
        #expect(main.nodes.map(\.operation) == [.quantize, .integerArithmetic, .dequantize])
        #expect(main.quantizations["x/quantized"] == Self.valid["x"] && main.quantizations["x"] == nil)
        #expect(main.nodes[0].attributes["scale"] == .number(0.5))
        let graph = try program.typed(inputShapes: [Shape(unchecked: [1, 3])], evaluator: NoEvaluator())
        #expect(graph.values[graph.outputs[0]].type == f32(1, 3))
        // Nothing to do for a program of float32.
        var plain = Self.program([:])
        plain.graphs[0].inputs[0].elementType = .float32
        #expect(plain.withRealInterface().graphs == plain.graphs)
    }

    @Test("fixed-point factors: exact at powers of two, within half a unit elsewhere, rounding as stated")
    func fixedPoint() throws {
        for exponent in -20...20 {
            let scale = try FixedPointScale(Double(sign: .plus, exponent: exponent, significand: 1))
            #expect(scale.multiplier == 1 << 30 && scale.exponent == exponent + 1)
        }
        // 0.25 · 6 = 1.5 and 0.25 · −6 = −1.5: half away from zero, and half up.
        let quarter = try FixedPointScale(0.25)
        #expect(quarter.roundedTwice(6) == 2 && quarter.roundedTwice(-6) == -2)
        #expect(quarter.roundedHalfUp(6) == 2 && quarter.roundedHalfUp(-6) == -1)
        #expect(try FixedPointScale(0).roundedTwice(5) == 0)
        for factor in [-1, Double.nan, .infinity, 0x1p30] {
            #expect(faultCode { () throws(Fault) in try FixedPointScale(factor) } == .invalidValue)
        }
    }
}
