import EmotionFormerCore
import EmotionFormerGraph

/// Tensors made from scalars, indices or shapes.
extension ReferenceStep {
    func generator(_ kind: OperationFamily.Generator) throws(Fault) -> [[Double]] {
        switch kind {
        case .fill:
            let value = try operand(1).elements.first ?? 0
            return [[Double](repeating: value, count: try outputShape().elementCount)]
        case .range:
            let (start, delta) = (try operand(0).elements.first ?? 0, try operand(2).elements.first ?? 0)
            return [(0..<(try outputShape().elementCount)).map { start + Double($0) * delta }]
        case .shape: return [try operand(0).shape.extents.map { Double($0) }]
        case .onesLike: return [[Double](repeating: 1, count: try operand(0).elements.count)]
        case .zerosLike: return [[Double](repeating: 0, count: try operand(0).elements.count)]
        case .oneHot:
            let indices = try operand(0)
            let on = optionalOperand(1)?.elements.first ?? 1
            let off = optionalOperand(2)?.elements.first ?? 0
            let axis = try attributes.integer("axis")
            let depth = try attributes.integer("depth")
            let position = axis < 0 ? axis + indices.shape.rank + 1 : axis
            let inner = indices.shape.elementCount(of: position..<indices.shape.rank)
            let outer = indices.shape.elementCount(of: 0..<position)
            var output: [Double] = []
            for block in 0..<outer {
                for index in 0..<depth {
                    for column in 0..<inner {
                        output.append(indices.elements[block * inner + column] == Double(index) ? on : off)
                    }
                }
            }
            return [output]
        }
    }
}
