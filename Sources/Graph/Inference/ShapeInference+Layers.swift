import EmotionFormerCore

extension ShapeInference {
    static func layer(_ context: NodeContext, _ kind: OperationFamily.Layer) throws(Fault) -> [ValueType] {
        switch kind {
        case .constant:
            guard let value = context.weights["value"] else {
                throw Fault(.missingField, at: "weight 'value'", "the weight is absent")
            }
            return [ValueType(value.tensor.elementType, value.tensor.shape)]
        case .dense: return try dense(context)
        case .multiHeadAttention: return try multiHeadAttention(context)
        case .attention: return try attention(context)
        case .positionalEncoding:
            let shape = try context.features(0, rank: 3)
            if try context.attributes.text("kind") == "table" {
                let table = try context.weight("table", rank: 2)
                guard table[0] >= shape[1], table[1] == shape[2] else {
                    throw Fault(
                        .shapeMismatch, at: "weight 'table'", "the table does not cover the input", found: "\(table)",
                        expected: "at least \(shape[1]) rows of \(shape[2])")
                }
            } else {
                guard context.weights["table"] == nil else {
                    throw Fault(.unknownField, at: "weight 'table'", "a sinusoidal encoding has no table")
                }
                guard try context.attributes.number("maximumWavelength") > 0 else {
                    throw Fault(.invalidValue, at: "attribute 'maximumWavelength'", "the number is not positive")
                }
            }
            return [ValueType(.float32, shape)]
        case .embedding:
            let indices = try context.operand(0, numbers)
            let table = try context.weight("table", rank: 2)
            return [ValueType(.float32, try Shape(indices.shape.extents + [table[1]]))]
        case .masking:
            let shape = try context.features(0, rank: 3)
            return [ValueType(.float32, shape), ValueType(.bool, Shape(unchecked: [shape[0], shape[1]]))]
        }
    }

    /// float32 and the integers.
    static let numbers: Set<ElementType> = [.float32, .int8, .uint8, .int32, .int64]

    private static func dense(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let input = try context.operand(0, [.float32]).shape
        let isInputFirst = try context.attributes.text("kernelLayout") == "inputOutput"
        let kernel: Shape
        if let weight = context.weights["kernel"], weight.tensor.elementType == .int8 {
            kernel = weight.tensor.shape
            try context.require(kernel, hasRank: 2, at: "weight 'kernel'")
            try context.requireDynamicRange(weight, axis: isInputFirst ? 1 : 0, at: "weight 'kernel'")
        } else {
            kernel = try context.weight("kernel", rank: 2)
        }
        let (inputs, outputs) = isInputFirst ? (kernel[0], kernel[1]) : (kernel[1], kernel[0])
        guard let last = input.extents.last, last == inputs else {
            throw Fault(
                .shapeMismatch, at: "weight 'kernel'", "the kernel does not fit the input's last axis",
                found: "\(inputs) inputs", expected: "\(input)")
        }
        try context.requireOptionalWeight("bias", [outputs])
        return [ValueType(.float32, try Shape(input.extents.dropLast() + [outputs]))]
    }

    /// The three operands' batch and times agree; the width is checked by the caller.
    private static func attentionOperands(
        _ context: NodeContext
    ) throws(Fault) -> (query: Shape, key: Shape, value: Shape) {
        let query = try context.features(0, rank: 3)
        let key = try context.features(1, rank: 3)
        let value = try context.features(2, rank: 3)
        guard key[0] == query[0] else {
            throw Fault(
                .shapeMismatch, at: "operand 'key'", "the batch differs from the query's", found: "\(key)",
                expected: "\(query)")
        }
        guard value[0] == key[0], value[1] == key[1] else {
            throw Fault(
                .shapeMismatch, at: "operand 'value'", "batch or time differs from the key's", found: "\(value)",
                expected: "\(key)")
        }
        guard key[1] > 0 else { throw Fault(.shapeMismatch, at: "operand 'key'", "there is nothing to attend to") }
        return (query, key, value)
    }

    private static func scores(_ context: NodeContext, query: Shape, key: Shape, heads: Int) throws(Fault) -> ValueType
    {
        if let mask = context.optionalOperand(3) {
            let (batch, queries, keys) = (query[0], query[1], key[1])
            try context.require(mask, isOneOf: [.bool], at: "operand 'mask'")
            let allowed = [
                [batch, keys], [batch, queries, keys], [batch, 1, keys], [batch, 1, queries, keys],
                [batch, 1, 1, keys], [batch, heads, queries, keys],
            ]
            guard allowed.contains(mask.shape.extents) else {
                throw Fault(
                    .shapeMismatch, at: "operand 'mask'", "the mask's shape does not fit", found: "\(mask.shape)",
                    expected: "one of \(allowed)")
            }
        }
        return ValueType(.float32, try Shape([query[0], heads, query[1], key[1]]))
    }

    private static func attention(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let (query, key, value) = try attentionOperands(context)
        let heads = try context.positive("headCount")
        guard key[2] == query[2] else {
            throw Fault(
                .shapeMismatch, at: "operand 'key'", "the width differs from the query's", found: "\(key)",
                expected: "\(query)")
        }
        for (index, shape) in [(0, query), (2, value)] where shape[2] == 0 || shape[2] % heads != 0 {
            throw Fault(
                .shapeMismatch, at: context.place(index), "the width is not a multiple of the heads",
                found: "\(shape[2])", expected: "a multiple of \(heads)")
        }
        return [
            ValueType(.float32, try Shape([query[0], query[1], value[2]])),
            try scores(context, query: query, key: key, heads: heads),
        ]
    }

    private static func multiHeadAttention(_ context: NodeContext) throws(Fault) -> [ValueType] {
        let (query, key, value) = try attentionOperands(context)
        let heads = try context.positive("headCount")
        let keyWidth = try context.positive("keyDimension")
        let valueWidth = try context.positive("valueDimension")
        try context.requireWeight("queryKernel", [query[2], heads, keyWidth])
        try context.requireWeight("keyKernel", [key[2], heads, keyWidth])
        try context.requireWeight("valueKernel", [value[2], heads, valueWidth])
        try context.requireOptionalWeight("queryBias", [heads, keyWidth])
        try context.requireOptionalWeight("keyBias", [heads, keyWidth])
        try context.requireOptionalWeight("valueBias", [heads, valueWidth])
        let output = try context.weight("outputKernel", rank: 3)
        try context.require(output, equals: [heads, valueWidth, output[2]], at: "weight 'outputKernel'")
        try context.requireOptionalWeight("outputBias", [output[2]])
        return [
            ValueType(.float32, try Shape([query[0], query[1], output[2]])),
            try scores(context, query: query, key: key, heads: heads),
        ]
    }
}
