package import EmotionFormerTensors

/// The types of a node's outputs from those of its operands: one function a family of operations.
package enum ShapeInference {
    /// - Returns: a type for every output that the operation can have, optional ones included.
    /// - Throws: a fault without the node's name if the operands do not suit the operation; nothing is assumed about
    ///   them but what `Program.validated()` has checked.
    package static func outputTypes(_ context: NodeContext) throws(Fault) -> [ValueType] {
        if let types = try layers(context) { return types }
        if let types = try normalizations(context) { return types }
        if let types = try windows(context) { return types }
        if let types = try recurrent(context) { return types }
        if let types = try elementwise(context) { return types }
        if let types = try products(context) { return types }
        if let types = try reductions(context) { return types }
        if let types = try arrangements(context) { return types }
        if let types = try selections(context) { return types }
        if let types = try extensions(context) { return types }
        if let types = try generators(context) { return types }
        if let types = try types(context) { return types }
        if let types = try sequence(context) { return types }
        throw Fault(
            .unsupportedOperation, at: "", "shapes of the operation cannot be inferred",
            found: context.operation.rawValue)
    }

    /// What an operation gives whatever its operands' elements are (`shape`, `onesLike`, `zerosLike`), and a constant
    /// in another shape, which keeps its quantisation.
    package static func constantOutputs(
        _ context: NodeContext, types: [ValueType]
    ) throws(Fault) -> [StoredTensor]? {
        guard let type = types.first else { return nil }
        switch context.operation {
        case .shape:
            let extents = try context.operand(0).shape.extents
            return [
                StoredTensor(
                    type.elementType == .int64
                        ? Tensor(extents.map { Int64($0) }) : Tensor(extents.map { Int32(clamping: $0) }))
            ]
        case .onesLike: return [StoredTensor(ones(type))]
        case .zerosLike: return [StoredTensor(Tensor(type.elementType, type.shape) { _ in })]
        case .identity: return context.constant(0).map { [$0] }
        case .reshape, .expandDimensions, .squeeze:
            guard let constant = context.constant(0), constant.quantization?.axis == nil else { return nil }
            return [StoredTensor(try constant.tensor.reshaped(to: type.shape), quantization: constant.quantization)]
        default: return nil
        }
    }

    private static func ones(_ type: ValueType) -> Tensor {
        Tensor(type.elementType, type.shape) { bytes in
            switch type.elementType {
            case .float32: bytes.bindMemory(to: Float.self).update(repeating: 1)
            case .float16: bytes.bindMemory(to: UInt16.self).update(repeating: 0x3C00)
            case .int32: bytes.bindMemory(to: Int32.self).update(repeating: 1)
            case .int64: bytes.bindMemory(to: Int64.self).update(repeating: 1)
            case .int8, .uint8, .bool: bytes.bindMemory(to: UInt8.self).update(repeating: 1)
            }
        }
    }
}
