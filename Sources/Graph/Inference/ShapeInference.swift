package import EmotionFormerCore

/// The types of a node's outputs from those of its operands: one function a family of operations.
package enum ShapeInference {
    /// - Returns: a type for every output that the operation can have, optional ones included.
    /// - Throws: a fault without the node's name if the operands do not suit the operation; only what
    ///   `Program.validated()` checks is assumed about them.
    package static func outputTypes(_ context: NodeContext) throws(Fault) -> [ValueType] {
        switch context.operation.family {
        case .layer(let kind): try layer(context, kind)
        case .normalization(let kind): try normalization(context, kind)
        case .window(let kind): try window(context, kind)
        case .recurrence(let kind): try recurrence(context, kind)
        case .sequence(.sequenceLSTM): try sequence(context)
        case .product(let kind): try product(context, kind)
        case .arithmetic: try arithmetic(context)
        case .comparison(let kind): try comparison(context, kind)
        case .logic(let kind): try logic(context, kind)
        case .function(let kind): try function(context, kind)
        case .pointwise(let kind): try pointwise(context, kind)
        case .reduction(let kind): try reduction(context, kind)
        case .scan(let kind): try scan(context, kind)
        case .arrangement(let kind): try arrangement(context, kind)
        case .expansion(let kind): try expansion(context, kind)
        case .selection(let kind): try selection(context, kind)
        case .generator(let kind): try generator(context, kind)
        case .conversion(let kind): try conversion(context, kind)
        case .integer(let kind): try integer(context, kind)
        case .control:
            throw Fault(
                .unsupportedOperation, at: "", "only its bodies say what types a loop or branch gives",
                found: context.operation.rawValue)
        }
    }

    /// The results that do not depend on the elements of operands (`shape`, `onesLike`, `zerosLike`), and constants in
    /// another shape, which keep their quantization.
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
            case .int16: bytes.bindMemory(to: Int16.self).update(repeating: 1)
            case .int32: bytes.bindMemory(to: Int32.self).update(repeating: 1)
            case .int64: bytes.bindMemory(to: Int64.self).update(repeating: 1)
            case .int8, .uint8, .bool: bytes.bindMemory(to: UInt8.self).update(repeating: 1)
            }
        }
    }
}
