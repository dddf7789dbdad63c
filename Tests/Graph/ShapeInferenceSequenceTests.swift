import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// Convolutions, pooling and recurrent layers.
@Suite struct ShapeInferenceSequenceTests {
    @Test(
        "windows over time: Keras's output lengths",
        arguments: [
            ("valid", 1, 1, 8), ("valid", 2, 1, 4), ("valid", 1, 3, 4), ("same", 1, 1, 10), ("same", 3, 1, 4),
            ("causal", 1, 4, 10), ("causal", 4, 1, 3),
        ])
    func convolution(padding: String, stride: Int, dilation: Int, steps: Int) throws {
        let attributes: Attributes = [
            "padding": .text(padding), "stride": .integer(stride), "dilation": .integer(dilation),
        ]
        #expect(
            try infer(.conv1D, [f32(1, 10, 4)], attributes, weights: ["kernel": f32(3, 4, 7), "bias": f32(7)])
                == [f32(1, steps, 7)])
        #expect(
            try infer(.depthwiseConv1D, [f32(1, 10, 4)], attributes, weights: ["kernel": f32(3, 4, 2)])
                == [f32(1, steps, 8)])
    }

    @Test("convolutions refuse kernels, groups and windows that do not fit")
    func convolutionErrors() throws {
        func code(_ kernel: ValueType, _ attributes: Attributes = [:]) -> Fault.Code? {
            faultCode { () throws(Fault) in
                try infer(.conv1D, [f32(1, 10, 4)], attributes, weights: ["kernel": kernel])
            }
        }
        #expect(code(f32(3, 2, 6), ["groups": .integer(2)]) == nil)
        #expect(code(f32(3, 2, 7), ["groups": .integer(2)]) == .shapeMismatch)
        for channels in [3, 5] {
            #expect(
                faultCode { () throws(Fault) in
                    try infer(.depthwiseConv1D, [f32(1, 10, 4)], weights: ["kernel": f32(3, channels, 2)])
                } == .shapeMismatch)
        }
        #expect(code(f32(3, 4, 6), ["groups": .integer(3)]) == .shapeMismatch)
        #expect(code(f32(11, 4, 6)) == .shapeMismatch)
        #expect(code(f32(0, 4, 6)) == .shapeMismatch)
        #expect(code(f32(3, 4, 6), ["stride": .integer(0)]) == .invalidValue)
        #expect(code(f32(3, 4, 6), ["padding": .text("same"), "dilation": .integer(1 << 30)]) == .limitExceeded)
        #expect(code(f32(3, 4, 6), ["dilation": .integer(.max)]) == .invalidValue)
    }

    @Test("convolutions and pooling over height and width")
    func planes() throws {
        let strides: Attributes = ["strides": .integers([2, 1]), "padding": .text("same")]
        #expect(try infer(.conv2D, [f32(1, 5, 6, 4), f32(8, 3, 3, 4), f32(8)], strides) == [f32(1, 3, 6, 8)])
        #expect(try infer(.conv2D, [f32(1, 5, 6, 4), f32(8, 3, 3, 2)]) == [f32(1, 3, 4, 8)])
        #expect(
            try infer(.conv2D, [f32(1, 5, 6, 4), i8(8, 1, 3, 4)], constants: [1: zeros(i8(8, 1, 3, 4), scales: 1)])
                == [f32(1, 5, 4, 8)])
        #expect(
            try infer(.depthwiseConv2D, [f32(1, 5, 6, 4), f32(1, 2, 2, 8)], ["multiplier": .integer(2)])
                == [f32(1, 4, 5, 8)])
        #expect(
            try infer(
                .pooling2D, [f32(1, 5, 6, 4)],
                ["kind": .text("maximum"), "poolSize": .integers([2, 3]), "strides": .integers([2, 3])])
                == [f32(1, 2, 2, 4)])
        func code(_ operands: [ValueType], _ attributes: Attributes = [:]) -> Fault.Code? {
            faultCode { () throws(Fault) in try infer(.conv2D, operands, attributes) }
        }
        #expect(code([f32(1, 5, 6, 4), f32(8, 3, 3, 3)]) == .shapeMismatch)
        #expect(code([f32(1, 5, 6, 4), f32(7, 3, 3, 2)]) == .shapeMismatch)
        #expect(code([f32(1, 5, 6, 4), f32(8, 3, 3, 4), f32(7)]) == .shapeMismatch)
        #expect(code([f32(1, 5, 6, 4), i8(8, 3, 3, 4)]) == .unsupportedOperation)
        #expect(code([f32(5, 6, 4), f32(8, 3, 3, 4)]) == .shapeMismatch)
        #expect(code([f32(1, 5, 6, 4), f32(8, 3, 3, 4)], ["strides": .integers([1])]) == .invalidValue)
    }

    @Test("pooling over time; only an average takes a mask")
    func pooling() throws {
        let pool: Attributes = ["poolSize": .integer(3), "stride": .integer(2)]
        #expect(try infer(.pooling1D, [f32(1, 10, 4)], pool) == [f32(1, 4, 4)])
        #expect(try infer(.globalPooling1D, [f32(1, 10, 4), bool(1, 10)]) == [f32(1, 4)])
        #expect(
            try infer(.globalPooling1D, [f32(1, 10, 4)], ["keepDimensions": .boolean(true)]) == [f32(1, 1, 4)])
        #expect(
            faultCode { () throws(Fault) in
                try infer(.globalPooling1D, [f32(1, 10, 4), bool(1, 10)], ["kind": .text("maximum")])
            } == .unsupportedAttribute)
        #expect(
            faultCode { () throws(Fault) in try infer(.globalPooling1D, [f32(1, 10, 4), bool(1, 9)]) } == .shapeMismatch
        )
        #expect(faultCode { () throws(Fault) in try infer(.globalPooling1D, [f32(1, 0, 4)]) } == .shapeMismatch)
    }

    @Test(
        "recurrent layers give output and final states",
        arguments: [(EmotionFormerGraph.Operation.lstm, 4, 2), (.gru, 3, 1), (.simpleRNN, 1, 1)])
    func recurrent(operation: EmotionFormerGraph.Operation, gates: Int, states: Int) throws {
        let weights = [
            "kernel": f32(4, 5 * gates), "recurrentKernel": f32(5, 5 * gates), "bias": f32(5 * gates),
        ]
        let units: Attributes = ["units": .integer(5)]
        let state = Array(repeating: f32(1, 5), count: states)
        #expect(try infer(operation, [f32(1, 7, 4)], units, weights: weights) == [f32(1, 5)] + state)
        let sequences: Attributes = ["units": .integer(5), "returnSequences": .boolean(true)]
        #expect(
            try infer(operation, [f32(1, 7, 4), bool(1, 7), f32(1, 5)], sequences, weights: weights)
                == [f32(1, 7, 5)] + state)
        func code(_ operands: [ValueType?], _ attributes: Attributes) -> Fault.Code? {
            faultCode { () throws(Fault) in try infer(operation, operands, attributes, weights: weights) }
        }
        #expect(code([f32(1, 7, 3)], units) == .shapeMismatch)
        #expect(code([f32(1, 7, 4)], ["units": .integer(4)]) == .shapeMismatch)
        #expect(code([f32(1, 7, 4)], ["units": .integer(-1)]) == .invalidValue)
        #expect(code([f32(1, 7, 4), bool(1, 6)], units) == .shapeMismatch)
        #expect(code([f32(1, 7, 4), nil, f32(1, 4)], units) == .shapeMismatch)
        #expect(code([f32(1, 0, 4)], units) == .shapeMismatch)
    }

    @Test("the fused LSTM: coupled gates, projection, and operands that belong together")
    func sequenceLSTM() throws {
        let (w, r, b) = (f32(5, 4), f32(5, 5), f32(5))
        let full: [ValueType?] = [f32(1, 7, 4), w, w, w, w, r, r, r, r, nil, nil, nil, b, b, b, b]
        let states = [f32(1, 5), f32(1, 5)]
        #expect(try infer(.sequenceLSTM, full) == [f32(1, 7, 5)] + states)
        let started = full + [nil, nil] + states
        #expect(try infer(.sequenceLSTM, started) == [f32(1, 7, 5)] + states)
        for index in [18, 19] {
            var broken = started
            broken[index] = f32(7, 5)
            #expect(faultCode { () throws(Fault) in try infer(.sequenceLSTM, broken) } == .shapeMismatch)
        }
        var coupled = full
        for index in [1, 5, 12] { coupled[index] = nil }
        #expect(try infer(.sequenceLSTM, coupled) == [f32(1, 7, 5)] + states)
        var projected = full + [f32(3, 5), f32(3)]
        for index in 5...8 { projected[index] = f32(5, 3) }
        #expect(try infer(.sequenceLSTM, projected) == [f32(1, 7, 3), f32(1, 3), f32(1, 5)])
        for index in [1, 5, 12] {
            var broken = full
            broken[index] = nil
            #expect(faultCode { () throws(Fault) in try infer(.sequenceLSTM, broken) } == .invalidValue)
        }
        var peephole = full
        peephole[10] = f32(5)
        #expect(faultCode { () throws(Fault) in try infer(.sequenceLSTM, peephole) } == .invalidValue)
        var mixed = full
        mixed[3] = i8(5, 4)
        #expect(faultCode { () throws(Fault) in try infer(.sequenceLSTM, mixed) } == .elementTypeMismatch)
        var wide = full
        wide[7] = f32(5, 6)
        #expect(faultCode { () throws(Fault) in try infer(.sequenceLSTM, wide) } == .shapeMismatch)
    }
}
