extension OperationTable {
    // Where a shape or an index is both an operand and an attribute, exactly one of them is given.
    static let shapes: [OperationSpecification] = [
        OperationSpecification(.identity, ["input"], "The input."),
        OperationSpecification(
            .reshape, ["input", "shape?"], attributes: [.optional("shape", .integers)],
            "The same elements in another shape; one extent may be −1: what is left."),
        OperationSpecification(
            .transpose, ["input"], attributes: [.required("permutation", .integers)],
            "Axis i of the output is axis permutation[i] of the input."),
        OperationSpecification(
            .expandDimensions, ["input"], attributes: [.required("axis", .integer)],
            "A new axis of extent 1 at `axis` of the output."),
        OperationSpecification(
            .squeeze, ["input"], attributes: [.integers("axes", [])],
            "Without `axes`, each of extent 1; without every axis of extent 1 if none is named."),
        OperationSpecification(
            .concatenate, ["inputs..."], attributes: [.integer("axis", -1)],
            "One after the other along `axis`."),
        OperationSpecification(
            .split, ["input"], outputs: ["outputs..."], attributes: [.required("axis", .integer)],
            "Equal parts along `axis`, one an output."),
        OperationSpecification(
            .splitSizes, ["input"], outputs: ["outputs..."],
            attributes: [.required("axis", .integer), .required("sizes", .integers)],
            "Parts of the given sizes along `axis`; one size may be −1: what is left."),
        OperationSpecification(
            .slice, ["input", "begin?", "size?"],
            attributes: [.optional("begin", .integers), .optional("size", .integers)],
            "From begin, size elements an axis; a size of −1: to the end. begin may be known only at run time, size is not."
        ),
        OperationSpecification(
            .updateSlice, ["input", "update", "begin?"], attributes: [.optional("begin", .integers)],
            "The input with update, which has as many axes, written from begin on; begin is moved so that it fits inside."
        ),
        OperationSpecification(
            .stridedSlice, ["input", "begin?", "end?", "strides?"],
            attributes: [
                .optional("begin", .integers), .optional("end", .integers), .optional("strides", .integers),
                .integer("beginMask", 0), .integer("endMask", 0), .integer("ellipsisMask", 0),
                .integer("newAxisMask", 0),
                .integer("shrinkAxisMask", 0),
            ],
            "TensorFlow's strided slice: as Python's x[begin:end:stride, …]; the masks' bits count from the first entry."
        ),
        OperationSpecification(
            .gather, ["input", "indices"], attributes: [.integer("axis", 0), .integer("batchDimensions", 0)],
            "The input's slices along `axis` at the indices. An index outside is an error."),
        OperationSpecification(
            .gatherND, ["input", "indices"], "indices (…, r): the input's slices at those r leading coordinates."),
        OperationSpecification(
            .pack, ["inputs..."], attributes: [.integer("axis", 0)], "Stacked along a new axis."),
        OperationSpecification(
            .unpack, ["input"], outputs: ["outputs..."], attributes: [.integer("axis", 0)],
            "One output for each index of `axis`, which goes."),
        OperationSpecification(
            .tile, ["input", "multiples?"], attributes: [.optional("multiples", .integers)],
            "The input repeated so many times along each axis."),
        OperationSpecification(
            .pad, ["input", "paddings?", "value?"],
            attributes: [.optional("paddings", .integers), .number("value", 0)],
            "paddings: (rank, 2), or a flat list, before and after each axis; filled with the value, a scalar operand or attribute."
        ),
        OperationSpecification(
            .mirrorPad, ["input", "paddings?"],
            attributes: [.optional("paddings", .integers), .required("mode", .text(["reflect", "symmetric"]))],
            "As `pad`, filled by mirroring: at the edge element (reflect) or at the edge (symmetric)."),
        OperationSpecification(
            .fill, ["shape?", "value"], attributes: [.optional("shape", .integers)], "A tensor of one scalar."),
        OperationSpecification(
            .range, ["start", "limit", "delta"], "start, start + delta, … before limit; scalars."),
        OperationSpecification(
            .shape, ["input"], attributes: [.elementType("elementType", .int32)], "The input's extents."),
        OperationSpecification(
            .broadcastTo, ["input", "shape?"], attributes: [.optional("shape", .integers)],
            "The input stretched to a shape."),
        OperationSpecification(
            .reverse, ["input"], attributes: [.required("axes", .integers)], "Back to front along `axes`."),
        OperationSpecification(
            .oneHot, ["indices", "on?", "off?"],
            attributes: [.required("depth", .integer), .integer("axis", -1), .elementType("elementType", .float32)],
            "A new axis of `depth`: on (1) at the index, off (0) elsewhere."),
        OperationSpecification(.onesLike, ["input"], "Ones of the input's shape and type."),
        OperationSpecification(.zerosLike, ["input"], "Zeros of the input's shape and type."),
    ]

    static let types: [OperationSpecification] = [
        OperationSpecification(
            .cast, ["input"], attributes: [.required("to", .elementType)],
            "Converted; a fraction is dropped, a Boolean is 0 or 1, a number is true if it is not 0."),
        OperationSpecification(
            .dequantize, ["input"], "float16, or int8 and uint8 with a quantisation: (q − zeroPoint) · scale → float32."
        ),
        OperationSpecification(
            .quantize, ["input"],
            attributes: [.required("to", .elementType), .required("scale", .number), .required("zeroPoint", .integer)],
            "float32 → round(x / scale) + zeroPoint, clamped, ties away from zero."),
    ]
}
