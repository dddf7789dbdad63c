import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
package import EmotionFormerModelFormat

/// Where a plan has a model's outputs, and how they become a prediction.
package struct OutputReading: Sendable {
    private struct Other: Sendable {
        var name: String
        var kind: OutputKind
        var index: Int
    }

    let kind: OutputKind
    /// The extent of the main output's last axis.
    let classCount: Int
    /// Whether the main output has a row for each of the clip's frames.
    let isPerFrame: Bool
    /// Rows of the main output.
    let rowCount: Int
    /// The plan's output with the logits of the main one.
    let logits: Int?
    private let others: [Other]

    /// The values that a plan gives, each once.
    package static func values(_ outputs: [OutputSpecification]) -> [String] {
        var seen = Set<String>()
        return outputs.map(\.value).filter { seen.insert($0).inserted }
    }

    /// Which values of a plan are read row by row, for the clip's own frames alone.
    static func outputsByFrame(_ outputs: [OutputSpecification]) -> Set<Int> {
        guard let main = outputs.first, main.per == .frame else { return [] }
        let values = values(outputs)
        let logits = outputs.dropFirst().first { $0.isLogits(of: main) }
        return Set([main, logits].compactMap { $0.flatMap { values.firstIndex(of: $0.value) } })
    }

    /// - Parameters:
    ///   - rows: the number of frames that the plan is for.
    /// - Throws: `shapeMismatch`, `elementTypeMismatch` for a main output that cannot be read as rows of numbers, and
    ///   for an output that is not as it is stated.
    init(_ outputs: [OutputSpecification], of plan: Plan, rows: Int) throws(Fault) {
        let values = OutputReading.values(outputs)
        func index(_ output: OutputSpecification) -> Int { values.firstIndex(of: output.value) ?? 0 }
        for output in outputs { try OutputReading.check(output, plan.outputTypes[index(output)]) }
        guard let main = outputs.first else {
            throw Fault(.missingField, at: "outputs", "the model has no output", expected: "at least one")
        }
        let type = plan.outputTypes[0]
        guard type.elementType == .float32, type.shape.elementCount > 0 else {
            throw Fault(
                .shapeMismatch, at: "outputs", "the main output is not float32 numbers", found: "\(type)",
                expected: "float32 [1, classes]; run the model with its inputs by name for any other")
        }
        kind = OutputKind(main.kind)
        classCount = type.shape.extents.last ?? 1
        rowCount = type.shape.elementCount / classCount
        isPerFrame = main.per == .frame
        guard !isPerFrame || rowCount == rows else {
            throw Fault(
                .shapeMismatch, at: "outputs", "the model does not give a row for each frame", found: "\(type.shape)",
                expected: "[1, \(rows), \(classCount)]")
        }
        let count = type.shape.elementCount
        let companion = outputs.dropFirst().first {
            $0.isLogits(of: main) && plan.outputTypes[index($0)].elementType == .float32
                && plan.outputTypes[index($0)].shape.elementCount == count
        }
        logits = companion.map(index)
        others = outputs.dropFirst().filter { $0 != companion }
            .map { Other(name: $0.name, kind: OutputKind($0.kind), index: index($0)) }
    }

    private static func check(_ output: OutputSpecification, _ type: ValueType) throws(Fault) {
        let place = "outputs.\(output.name)"
        if let stated = output.elementType, stated != type.elementType {
            throw Fault(
                .elementTypeMismatch, at: place, "the output's type is not the one that is stated",
                found: type.elementType.rawValue, expected: stated.rawValue)
        }
        guard let stated = output.extents else { return }
        guard stated.count == type.shape.rank, zip(stated, type.shape.extents).allSatisfy({ $0 ?? $1 == $1 }) else {
            throw Fault(
                .shapeMismatch, at: place, "the output's shape is not the one that is stated", found: "\(type.shape)",
                expected: "[\(stated.map { $0.map(String.init) ?? "null" }.joined(separator: ", "))]")
        }
    }

    /// The rows of the main output that belong to a clip's frames.
    /// - Parameter first: the row of the clip's first frame.
    func rows(framesUsed: Int, first: Int) -> Range<Int> {
        isPerFrame ? first..<min(first + framesUsed, rowCount) : 0..<rowCount
    }

    /// A plan's other outputs after a run; nothing is allocated if there are none.
    func otherOutputs(_ session: Session) -> [Prediction.OtherOutput] {
        others.isEmpty
            ? []
            : others.map { other in
                let type = session.plan.outputTypes[other.index]
                return Prediction.OtherOutput(
                    name: other.name, kind: other.kind, shape: type.shape.extents,
                    elements: Tensor(type.elementType, type.shape) { $0.copyMemory(from: session.output(other.index)) }
                        .doubles)
            }
    }
}
