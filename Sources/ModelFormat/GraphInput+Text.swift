import EmotionFormerGraph

extension GraphInput {
    /// Whether its elements are, or stand for, real numbers.
    package var isReal: Bool { elementType == .float32 }

    /// Whether the first axis may be that of a batch.
    package var hasBatchAxis: Bool { extents.first.map { $0 ?? 1 == 1 } ?? false }

    /// `float32 [1, null, 3]`
    package var typeText: String { "\(elementType.rawValue) \(shapeText)" }

    /// `[1, null, 3]`, as a manifest has it.
    package var shapeText: String { GraphInput.text(extents) }

    package static func text(_ extents: [Int?]) -> String {
        "[" + extents.map { $0.map(String.init) ?? "null" }.joined(separator: ", ") + "]"
    }
}
