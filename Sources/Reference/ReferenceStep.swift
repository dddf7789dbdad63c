import EmotionFormerCore
import EmotionFormerGraph

/// One node with its operands; the operations are computed in extensions, with a file for each family.
///
/// Shape inference has checked the shapes of operands and weights.
struct ReferenceStep {
    let node: TypedGraph.Node
    let operands: [ReferenceValue?]
    let outputTypes: [ValueType]

    var attributes: Attributes { node.attributes }

    /// A value for each output of the node.
    func outputs() throws(Fault) -> [ReferenceValue] {
        let results = try allOutputs()
        guard results.count >= outputTypes.count else {
            throw Fault(
                .invalidValue, at: "", "wrong number of outputs", found: "\(outputTypes.count)",
                expected: "at most \(results.count)")
        }
        var outputs: [ReferenceValue] = []
        for (type, elements) in zip(outputTypes, results) {
            outputs.append(try ReferenceValue(type, elements))
        }
        return outputs
    }

    private func allOutputs() throws(Fault) -> [[Double]] {
        switch node.operation.family {
        case .layer(let kind): try layer(kind)
        case .normalization(let kind): try normalization(kind)
        case .window(let kind): try window(kind)
        case .recurrence(let kind): try recurrence(kind)
        case .sequence(.sequenceLSTM): try sequenceLSTM()
        case .product(let kind): try product(kind)
        case .arithmetic(let kind): try arithmetic(kind)
        case .comparison(let kind): try comparison(kind)
        case .logic(let kind): try logic(kind)
        case .function(let kind): try function(kind)
        case .pointwise(let kind): try pointwise(kind)
        case .reduction(let kind): try reduction(kind)
        case .scan(let kind): try scan(kind)
        case .arrangement(let kind): try arrangement(kind)
        case .expansion(let kind): try expansion(kind)
        case .selection(let kind): try selection(kind)
        case .generator(let kind): try generator(kind)
        case .conversion(let kind): try conversion(kind)
        case .integer(let kind): try integer(kind)
        case .control:
            throw Fault(.unsupportedOperation, at: "", "only the executor runs it", found: node.operation.rawValue)
        }
    }

    func operand(_ index: Int) throws(Fault) -> ReferenceValue {
        guard let operand = optionalOperand(index) else {
            throw Fault(.missingField, at: "operand \(index)", "the operand is absent")
        }
        return operand
    }

    func optionalOperand(_ index: Int) -> ReferenceValue? { index < operands.count ? operands[index] : nil }

    func weight(_ role: String) throws(Fault) -> ReferenceValue {
        guard let weight = try optionalWeight(role) else {
            throw Fault(.missingField, at: "weight '\(role)'", "the weight is absent")
        }
        return weight
    }

    func optionalWeight(_ role: String) throws(Fault) -> ReferenceValue? {
        guard let stored = node.weights[role] else { return nil }
        return try ReferenceValue(stored)
    }

    /// Integers that come as the attribute `name` or as an operand.
    func integers(_ name: String, operand index: Int) throws(Fault) -> [Int] {
        if let operand = optionalOperand(index) { return try operand.indices() }
        return try attributes.integers(name)
    }

    /// The output's shape.
    func outputShape(_ index: Int = 0) throws(Fault) -> Shape {
        guard index < outputTypes.count else { throw Fault(.missingField, at: "outputs", "the output has no type") }
        return outputTypes[index].shape
    }

    /// The attribute's axes of `shape` from the front, ascending.
    func axes(_ name: String = "axes", of shape: Shape) throws(Fault) -> [Int] {
        var axes: [Int] = []
        for axis in try attributes.integers(name) { axes.append(try shape.axis(axis)) }
        return axes.sorted()
    }
}

extension ReferenceValue {
    /// The elements as integers, fractions dropped.
    func indices() throws(Fault) -> [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(elements.count)
        for element in elements {
            guard let index = Int(exactly: element.rounded(.towardZero)) else {
                throw Fault(.outOfBounds, at: "index", "the number is not an index", found: "\(element)")
            }
            indices.append(index)
        }
        return indices
    }
}

/// Offsets of elements.
enum Offsets {
    /// For every index of `extents`, row-major, the offset `start + Σ index · stride`.
    static func of(_ extents: [Int], strides: [Int], start: Int = 0) -> [Int] {
        var offsets = [start]
        for (extent, stride) in zip(extents, strides) {
            var next: [Int] = []
            next.reserveCapacity(offsets.count * extent)
            for offset in offsets { for index in 0..<extent { next.append(offset + index * stride) } }
            offsets = next
        }
        return offsets
    }

    /// For every index of `target`, the offset in a tensor of `shape` that broadcasts to it.
    static func broadcasting(_ shape: Shape, to target: Shape) throws(Fault) -> [Int] {
        if shape == target { return Array(0..<shape.elementCount) }
        return of(target.extents, strides: try shape.strides(broadcastTo: target))
    }
}

/// A tensor as outer × extent × inner, with one axis in the middle.
struct AxisView {
    let outer: Int
    let extent: Int
    let inner: Int

    init(_ shape: Shape, _ axis: Int) {
        outer = shape.elementCount(of: 0..<axis)
        extent = shape[axis]
        inner = shape.elementCount(of: axis + 1..<shape.rank)
    }

    /// The offsets of each run along the axis, in the order of the other axes.
    func lines() -> [[Int]] {
        var lines: [[Int]] = []
        for block in 0..<outer {
            for column in 0..<inner {
                lines.append((0..<extent).map { (block * extent + $0) * inner + column })
            }
        }
        return lines
    }
}
