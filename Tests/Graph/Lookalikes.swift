import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// A graph that looks like what a pass recognizes and is something else.
struct Lookalike: Sendable, CustomTestStringConvertible {
    /// The pass's name.
    let pass: String
    let difference: String
    /// What only a pass that is taken in would write.
    let absent: Set<String>
    let build: @Sendable (inout GraphBuilder) throws -> [Int]

    init(
        _ pass: String, _ difference: String, absent: Set<String> = [],
        _ build: @escaping @Sendable (inout GraphBuilder) throws -> [Int]
    ) {
        self.pass = pass
        self.difference = difference
        self.absent = absent
        self.build = build
    }

    var testDescription: String { "\(pass): \(difference)" }

    func graph() throws -> TypedGraph {
        var builder = GraphBuilder(seed: 5)
        let outputs = try build(&builder)
        var graph = builder.graph
        graph.outputs = outputs
        return graph
    }

    static let all = layers + normalizations + attentions + arrangements + sequences
}

extension GraphBuilder {
    mutating func dense(
        _ input: Int, _ columns: Int, _ activation: ActivationFunction = .linear, isQuantized: Bool = false
    ) throws -> Int {
        let extents = graph.shape(of: input).extents
        let width = extents[extents.count - 1]
        return try node(
            .dense, [input], extents.dropLast() + [columns], attributes: ["activation": .text(activation.rawValue)],
            weights: ["kernel": weight([width, columns]), "bias": weight([columns])])
    }

    mutating func reverse(_ value: Int, _ axes: [Int]) throws -> Int {
        try node(.reverse, [value], graph.shape(of: value).extents, attributes: ["axes": .integers(axes)])
    }

    mutating func function(_ operation: EmotionFormerGraph.Operation, _ value: Int) throws -> Int {
        try node(operation, [value], graph.shape(of: value).extents)
    }

    mutating func cast(_ value: Int) throws -> Int {
        try node(.cast, [value], graph.shape(of: value).extents, attributes: ["to": .text("float32")])
    }

    mutating func reduce(
        _ operation: EmotionFormerGraph.Operation, _ value: Int, _ axis: Int, keep: Bool = false
    ) throws -> Int {
        let type = graph.values[value].type
        let extents = type.shape.extents.indices.compactMap { axis == $0 ? keep ? 1 : nil : type.shape[$0] }
        return try node(
            operation, [value], extents, type.elementType,
            attributes: ["axes": .integers([axis]), "keepDimensions": .boolean(keep)])
    }
}
