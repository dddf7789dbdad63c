import EmotionFormerCore
import EmotionFormerGraph

extension GraphBuilder {
    /// An LSTM of four units over a cube's steps.
    fileprivate mutating func lstm(_ input: Int, isBackwards: Bool = false) throws -> Int {
        let features = graph.shape(of: input)[2]
        return try node(
            .lstm, [input], [2, 4, 4],
            attributes: [
                "units": .integer(4), "returnSequences": .boolean(true), "goBackwards": .boolean(isBackwards),
            ], weights: ["kernel": weight([features, 16]), "recurrentKernel": weight([4, 16]), "bias": weight([16])])
    }

    fileprivate mutating func step(_ sequence: Int, _ index: Int, axis: Int = 1) throws -> Int {
        var begin = [0, 0, 0]
        var end = [2, 4, 4]
        (begin[axis], end[axis]) = (index, index + 1)
        let extents = graph.shape(of: sequence).extents.indices.compactMap { $0 == axis ? nil : [2, 4, 4][$0] }
        return try node(
            .stridedSlice, [sequence], extents,
            attributes: [
                "begin": .integers(begin), "end": .integers(end), "strides": .integers([1, 1, 1]),
                "shrinkAxisMask": .integer(1 << axis),
            ])
    }

    /// The fused LSTM of a TensorFlow Lite file, and what else it may have.
    fileprivate mutating func sequence(
        _ input: Int, attributes: Attributes = [:], peepholes: Bool = false, projection: Bool = false,
        coupled: Bool = false
    ) throws -> Int {
        let (units, width) = (4, projection ? 3 : 4)
        var operands: [Int?] = Array(repeating: nil, count: 18)
        operands[0] = input
        for gate in (coupled ? 1 : 0)..<4 {
            operands[1 + gate] = try constant([units, 4])
            operands[5 + gate] = try constant([units, width])
            operands[12 + gate] = try constant([units])
            if peepholes, gate < 3 { operands[9 + gate] = try constant([units]) }
        }
        if projection { operands[16] = try constant([width, units]) }
        let extents = graph.shape(of: input).extents
        return try node(.sequenceLSTM, operands, [extents[0], extents[1], width], attributes: attributes)
    }
}

extension Lookalike {
    /// Of recurrences, in batches of two clips.
    static let sequences: [Lookalike] = [
        Lookalike("raiseRecurrent", "peepholes, a projection, coupled gates, clips, time first", absent: ["lstm"]) {
            builder in
            let input = try builder.input("input", [2, 4, 4])
            return [
                try builder.sequence(input, peepholes: true), try builder.sequence(input, projection: true),
                try builder.sequence(input, coupled: true),
                try builder.sequence(input, attributes: ["timeMajor": .boolean(true)]),
                try builder.sequence(input, attributes: ["projectionClip": .number(0.1)], projection: true),
            ]
        },
        Lookalike("raiseRecurrent", "another activation, a clipped cell, backwards") { builder in
            let input = try builder.input("input", [2, 4, 4])
            return [
                try builder.sequence(input, attributes: ["activation": .text("relu"), "cellClip": .number(0.2)]),
                try builder.sequence(input, attributes: ["goBackwards": .boolean(true)]),
            ]
        },
        Lookalike("raiseRecurrent", "reversed features or clips, the last step but one, a unit in place of a step") {
            builder in
            let input = try builder.input("input", [2, 4, 4])
            let features = try builder.lstm(builder.reverse(input, [2]))
            let clips = try builder.lstm(builder.reverse(input, [0]))
            let backwards = try builder.lstm(builder.reverse(input, [1]), isBackwards: true)
            return [
                features, clips, backwards, try builder.step(builder.lstm(input), 2),
                try builder.step(builder.lstm(input), 0), try builder.step(builder.lstm(input), 3, axis: 2),
                try builder.step(builder.lstm(builder.reverse(input, [1])), 3),
            ]
        },
        Lookalike("raiseRecurrent", "the last step of a sequence that something else uses too") { builder in
            let input = try builder.input("input", [2, 4, 4])
            let sequence = try builder.lstm(input)
            return [try builder.step(sequence, 3), try builder.mean(sequence, [1], keep: false)]
        },
        // What a loop's body may be instead of an LSTM's step: SimplifyLoopTests.
        Lookalike("raiseLoops", "a loop that only counts and adds", absent: ["lstm"]) { builder in
            func variables(_ builder: inout GraphBuilder) throws -> [Int] {
                [try builder.input("i", [], .int32), try builder.input("h", [1, 3])]
            }
            var condition = GraphBuilder()
            let tested = try variables(&condition)
            let limit = condition.constant(Tensor(scalar: Int32(3)))
            let less = try condition.node(.less, [tested[0], limit], [], .bool)
            var body = GraphBuilder(seed: 3)
            let state = try variables(&body)
            let one = body.constant(Tensor(scalar: Int32(1)))
            let next = try body.node(.add, [state[0], one], [], .int32)
            let hidden = try body.binary(
                .multiply, body.activation(.sigmoid, state[1]), body.activation(.tanh, state[1]))
            let zero = builder.constant(Tensor(scalar: Int32(0)))
            let start = try builder.input("start", [1, 3])
            let first = try builder.node(.while, [zero, start], [], .int32, further: [([1, 3], .float32)])
            builder.graph.nodes[builder.graph.nodes.count - 1].bodies = [
                "condition": condition.finished(less), "body": body.finished(next, hidden),
            ]
            return [first + 1]
        },
    ]
}
