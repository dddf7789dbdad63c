import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct ShapeInferenceLayersTests {
    @Test("dense keeps the leading axes, in both kernel layouts and with int8 kernels")
    func dense() throws {
        let kernel = ["kernel": f32(8, 3), "bias": f32(3)]
        #expect(try infer(.dense, [f32(1, 5, 8)], weights: kernel) == [f32(1, 5, 3)])
        #expect(
            try infer(.dense, [f32(8)], ["kernelLayout": .text("outputInput")], weights: ["kernel": f32(3, 8)])
                == [f32(3)])
        let perChannel = zeros(i8(8, 3), scales: 3, axis: 1)
        #expect(try infer(.dense, [f32(2, 8)], stored: ["kernel": perChannel]) == [f32(2, 3)])
        #expect(faultCode { () throws(Fault) in try infer(.dense, [f32(1, 7)], weights: kernel) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in try infer(.dense, [i32(1, 8)], weights: kernel) } == .elementTypeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.dense, [f32()], weights: kernel) } == .shapeMismatch)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.dense, [f32(1, 8)], weights: ["kernel": f32(8, 3), "bias": f32(4)])
            } == .shapeMismatch)
        #expect(faultCode { () throws(Fault) in try infer(.dense, [f32(1, 8)]) } == .missingField)
    }

    @Test("an int8 kernel must be quantized about zero, once or along its output axis")
    func quantizedKernel() {
        func code(_ kernel: StoredTensor) -> Fault.Code? {
            faultCode { () throws(Fault) in try infer(.dense, [f32(1, 8)], stored: ["kernel": kernel]) }
        }
        #expect(code(zeros(i8(8, 3), scales: 1)) == nil)
        #expect(code(zeros(i8(8, 3))) == .missingField)
        #expect(code(zeros(i8(8, 3), scales: 8, axis: 0)) == .unsupportedAttribute)
        #expect(code(zeros(i8(8, 3), scales: 2, axis: 1)) == .shapeMismatch)
        #expect(code(zeros(i8(8, 3), scales: 3, axis: 2)) == .invalidValue)
        #expect(code(zeros(i8(8, 3), scales: 1, zeroPoint: 1)) == .invalidValue)
    }

    @Test("attention gives output and scores, and takes every documented form of mask but no other")
    func attention() throws {
        let attributes: Attributes = ["headCount": .integer(2), "scale": .number(0.5)]
        let operands = [f32(1, 4, 6), f32(1, 5, 6), f32(1, 5, 8)]
        #expect(try infer(.attention, operands, attributes) == [f32(1, 4, 8), f32(1, 2, 4, 5)])
        for mask in [bool(1, 5), bool(1, 4, 5), bool(1, 1, 5), bool(1, 1, 4, 5), bool(1, 1, 1, 5), bool(1, 2, 4, 5)] {
            #expect(faultCode { () throws(Fault) in try infer(.attention, operands + [mask], attributes) } == nil)
        }
        for mask in [bool(1, 4), bool(5), bool(1, 5, 4), bool(1, 2, 1, 5), bool(1, 1, 1, 4, 5)] {
            #expect(
                faultCode { () throws(Fault) in try infer(.attention, operands + [mask], attributes) } == .shapeMismatch
            )
        }
        #expect(
            faultCode { () throws(Fault) in try infer(.attention, operands + [f32(1, 5)], attributes) }
                == .elementTypeMismatch)
        func code(_ query: ValueType, _ key: ValueType, _ value: ValueType, _ heads: Int) -> Fault.Code? {
            faultCode { () throws(Fault) in
                try infer(.attention, [query, key, value], ["headCount": .integer(heads), "scale": .number(1)])
            }
        }
        #expect(code(f32(1, 4, 6), f32(1, 5, 7), f32(1, 5, 6), 2) == .shapeMismatch)
        #expect(code(f32(1, 4, 6), f32(1, 5, 6), f32(1, 6, 6), 2) == .shapeMismatch)
        #expect(code(f32(1, 4, 6), f32(2, 5, 6), f32(2, 5, 6), 2) == .shapeMismatch)
        #expect(code(f32(1, 4, 6), f32(1, 5, 6), f32(1, 5, 6), 4) == .shapeMismatch)
        #expect(code(f32(1, 4, 6), f32(1, 5, 6), f32(1, 5, 6), 0) == .invalidValue)
        #expect(code(f32(1, 4, 6), f32(1, 0, 6), f32(1, 0, 6), 2) == .shapeMismatch)
    }

    @Test("multi-head attention checks its seven weights against heads and widths")
    func multiHeadAttention() throws {
        let attributes: Attributes = [
            "headCount": .integer(2), "keyDimension": .integer(3), "valueDimension": .integer(5),
        ]
        let weights = [
            "queryKernel": f32(6, 2, 3), "queryBias": f32(2, 3), "keyKernel": f32(7, 2, 3), "valueKernel": f32(8, 2, 5),
            "valueBias": f32(2, 5), "outputKernel": f32(2, 5, 9), "outputBias": f32(9),
        ]
        let operands = [f32(1, 4, 6), f32(1, 5, 7), f32(1, 5, 8)]
        #expect(
            try infer(.multiHeadAttention, operands, attributes, weights: weights) == [f32(1, 4, 9), f32(1, 2, 4, 5)])
        for role in weights.keys {
            var wrong = weights
            wrong[role] = f32(2, 2)
            #expect(
                faultCode { () throws(Fault) in
                    try infer(.multiHeadAttention, operands, attributes, weights: wrong)
                } == .shapeMismatch, "\(role)")
        }
    }

    @Test("normalizations check axes, epsilon and the extents of their weights")
    func normalizations() throws {
        let epsilon: Attributes = ["epsilon": .number(0.1)]
        #expect(try infer(.layerNormalization, [f32(1, 4, 6)], epsilon, weights: ["gamma": f32(6)]) == [f32(1, 4, 6)])
        #expect(
            try infer(
                .layerNormalization, [f32(1, 4, 6)], ["epsilon": .number(0), "axes": .integers([2, 1])],
                weights: ["gamma": f32(4, 6), "beta": f32(4, 6)]) == [f32(1, 4, 6)])
        func code(
            _ operation: EmotionFormerGraph.Operation, _ attributes: Attributes, _ weights: [String: ValueType] = [:]
        ) -> Fault.Code? {
            faultCode { () throws(Fault) in try infer(operation, [f32(1, 4, 6)], attributes, weights: weights) }
        }
        #expect(code(.layerNormalization, epsilon, ["gamma": f32(4)]) == .shapeMismatch)
        #expect(code(.layerNormalization, ["epsilon": .number(-1)]) == .invalidValue)
        #expect(code(.layerNormalization, ["epsilon": .number(1), "axes": .integers([])]) == .invalidValue)
        #expect(code(.layerNormalization, ["epsilon": .number(1), "axes": .integers([2, -1])]) == .invalidValue)
        #expect(code(.rmsNormalization, ["epsilon": .number(1), "axes": .integers([3])]) == .invalidValue)
        let moments = ["mean": f32(6), "variance": f32(6)]
        #expect(code(.batchNormalization, epsilon, moments) == nil)
        #expect(code(.batchNormalization, ["epsilon": .number(1), "axis": .integer(1)], moments) == .shapeMismatch)
        #expect(code(.batchNormalization, epsilon, ["mean": f32(6)]) == .missingField)
        #expect(code(.softmax, ["axes": .integers([1, 2])]) == nil)
        #expect(code(.softmax, ["axes": .integers([])]) == .invalidValue)
        #expect(code(.logSoftmax, ["axis": .integer(3)]) == .invalidValue)
        #expect(code(.rescaling, ["scale": .number(2)]) == nil)
        #expect(try infer(.softmax, [f32(1, 4, 6), bool(4, 1)]) == [f32(1, 4, 6)])
        #expect(faultCode { () throws(Fault) in try infer(.softmax, [f32(4), bool(2, 4)]) } == .shapeMismatch)
    }

    @Test("an activation refuses parameters that its function does not take")
    func activation() throws {
        #expect(
            try infer(.activation, [f32(2)], ["function": .text("leakyRelu"), "alpha": .number(0.1)]) == [f32(2)])
        #expect(
            faultCode { () throws(Fault) in
                try infer(.activation, [f32(2)], ["function": .text("tanh"), "alpha": .number(0.1)])
            } == .unsupportedAttribute)
        #expect(
            faultCode { () throws(Fault) in
                try infer(.activation, [f32(2)], ["function": .text("celu"), "alpha": .number(0)])
            } == .invalidValue)
    }

    @Test("position, embedding and masking layers")
    func others() throws {
        #expect(try infer(.positionalEncoding, [f32(1, 4, 6)], weights: ["table": f32(9, 6)]) == [f32(1, 4, 6)])
        #expect(
            faultCode { () throws(Fault) in
                try infer(.positionalEncoding, [f32(1, 4, 6)], weights: ["table": f32(3, 6)])
            } == .shapeMismatch)
        #expect(
            try infer(.positionalEncoding, [f32(1, 4, 6)], ["kind": .text("sinusoidal")]) == [f32(1, 4, 6)])
        #expect(try infer(.embedding, [i32(1, 4)], weights: ["table": f32(9, 6)]) == [f32(1, 4, 6)])
        #expect(
            faultCode { () throws(Fault) in try infer(.embedding, [bool(1)], weights: ["table": f32(9, 6)]) }
                == .elementTypeMismatch)
        #expect(try infer(.masking, [f32(1, 4, 6)]) == [f32(1, 4, 6), bool(1, 4)])
        #expect(faultCode { () throws(Fault) in try infer(.masking, [f32(4, 6)]) } == .shapeMismatch)
    }
}
