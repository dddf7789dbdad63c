extension OperationTable {
    // If a shape or an index can be an operand or an attribute, exactly one of them is given.
    static let shapes: [OperationSpecification] = [
        OperationSpecification(.arrangement(.identity), ["input"], "The input."),
        OperationSpecification(
            .arrangement(.reshape), ["input", "shape?"], attributes: [.optional("shape", .integers)],
            "The same elements in another shape; one extent may be −1: what is left."),
        OperationSpecification(
            .arrangement(.transpose), ["input"], attributes: [.required("permutation", .integers)],
            "Axis i of the output is axis permutation[i] of the input."),
        OperationSpecification(
            .arrangement(.expandDimensions), ["input"], attributes: [.required("axis", .integer)],
            "A new axis of extent 1 at `axis` of the output."),
        OperationSpecification(
            .arrangement(.squeeze), ["input"], attributes: [.integers("axes", [])],
            "Without `axes`, each of extent 1; without every axis of extent 1 if none is named."),
        OperationSpecification(
            .expansion(.concatenate), ["inputs..."], attributes: [.integer("axis", -1)],
            "One after the other along `axis`."),
        OperationSpecification(
            .selection(.split), ["input"], outputs: ["outputs..."], attributes: [.required("axis", .integer)],
            "Equal parts along `axis`, one an output."),
        OperationSpecification(
            .selection(.splitSizes), ["input"], outputs: ["outputs..."],
            attributes: [.required("axis", .integer), .required("sizes", .integers)],
            "Parts of the given sizes along `axis`; one size may be −1: what is left."),
        OperationSpecification(
            .selection(.slice), ["input", "begin?", "size?"],
            attributes: [.optional("begin", .integers), .optional("size", .integers)],
            "From begin, size elements an axis; a size of −1: to the end. begin may be known only at run time, size is not."
        ),
        OperationSpecification(
            .selection(.updateSlice), ["input", "update", "begin?"], attributes: [.optional("begin", .integers)],
            "The input with update, which has as many axes, written from begin on; begin is moved so that it fits inside."
        ),
        OperationSpecification(
            .selection(.stridedSlice), ["input", "begin?", "end?", "strides?"],
            attributes: [
                .optional("begin", .integers), .optional("end", .integers), .optional("strides", .integers),
                .integer("beginMask", 0), .integer("endMask", 0), .integer("ellipsisMask", 0),
                .integer("newAxisMask", 0),
                .integer("shrinkAxisMask", 0),
            ],
            "TensorFlow's strided slice: as Python's x[begin:end:stride, …]; the masks' bits count from the first entry."
        ),
        OperationSpecification(
            .selection(.gather), ["input", "indices"],
            attributes: [.integer("axis", 0), .integer("batchDimensions", 0)],
            "The input's slices along `axis` at the indices. An index outside is an error."),
        OperationSpecification(
            .selection(.gatherND), ["input", "indices"],
            "indices (…, r): the input's slices at those r leading coordinates."),
        OperationSpecification(
            .expansion(.pack), ["inputs..."], attributes: [.integer("axis", 0)], "Stacked along a new axis."),
        OperationSpecification(
            .selection(.unpack), ["input"], outputs: ["outputs..."], attributes: [.integer("axis", 0)],
            "One output for each index of `axis`, which goes."),
        OperationSpecification(
            .expansion(.tile), ["input", "multiples?"], attributes: [.optional("multiples", .integers)],
            "The input repeated along each axis, as often as stated."),
        OperationSpecification(
            .expansion(.pad), ["input", "paddings?", "value?"],
            attributes: [.optional("paddings", .integers), .number("value", 0)],
            "paddings: (rank, 2), or a flat list, before and after each axis; filled with the value, a scalar operand or attribute."
        ),
        OperationSpecification(
            .expansion(.mirrorPad), ["input", "paddings?"],
            attributes: [.optional("paddings", .integers), .required("mode", .text(["reflect", "symmetric"]))],
            "As `pad`, filled by mirroring: at the edge element (reflect) or at the edge (symmetric)."),
        OperationSpecification(
            .generator(.fill), ["shape?", "value"], attributes: [.optional("shape", .integers)],
            "A tensor of one scalar."),
        OperationSpecification(
            .generator(.range), ["start", "limit", "delta"], "start, start + delta, … before limit; scalars."),
        OperationSpecification(
            .generator(.shape), ["input"], attributes: [.elementType("elementType", .int32)], "The input's extents."),
        OperationSpecification(
            .expansion(.broadcastTo), ["input", "shape?"], attributes: [.optional("shape", .integers)],
            "The input stretched to a shape."),
        OperationSpecification(
            .arrangement(.reverse), ["input"], attributes: [.required("axes", .integers)], "Back to front along `axes`."
        ),
        OperationSpecification(
            .generator(.oneHot), ["indices", "on?", "off?"],
            attributes: [.required("depth", .integer), .integer("axis", -1), .elementType("elementType", .float32)],
            "A new axis of `depth`: on (1) at the index, off (0) elsewhere."),
        OperationSpecification(.generator(.onesLike), ["input"], "Ones of the input's shape and type."),
        OperationSpecification(.generator(.zerosLike), ["input"], "Zeros of the input's shape and type."),
    ]

    static let types: [OperationSpecification] = [
        OperationSpecification(
            .conversion(.cast), ["input"], attributes: [.required("to", .elementType)],
            "Converted; a fraction is dropped, a Boolean is 0 or 1, a number is true if it is not 0."),
        OperationSpecification(
            .conversion(.dequantize), ["input"],
            "float16, or int8, uint8 and int16 with a quantization: (q − zeroPoint) · scale → float32."
        ),
        OperationSpecification(
            .conversion(.quantize), ["input"],
            attributes: [
                .required("to", .elementType), .required("scale", .number), .required("zeroPoint", .integer),
                .text("rule", "division", among: ["division", "exact", "xnnpack", "builtin"]),
            ],
            """
            float32 → round(x / scale) + zeroPoint, clamped, ties away from zero; the quotient is float32, or float64 by the rule \
            `exact`. By the rule `xnnpack` x is multiplied by the \
            scale's reciprocal and ties go to even; by `builtin` that holds in whole blocks of 8 elements, and the rest is \
            divided in float64.
            """),
    ]
}
