/// A file with tensor lists of a batch that is open: input (1, 4, 2) → x (4, 1, 2) → y1, y2. A list of `count` rows is handed to two loops, one after the other. The
/// first writes row i of x at i in round i, four times; the second writes the negative of row i at i, `rounds` times.
/// The outputs are the lists of the first and the second, stacked.
struct TensorListFile {
    typealias Table = FlatBufferWriter.Table

    var elementShape: [Int32] = [-1, 2]
    var count: Int32 = 4
    var rounds: Int32 = 2
    /// Where the second loop writes: nil for the round's number.
    var place: Int32?
    /// The file's shape of an index, and of an item with its signature.
    var indexShape: [Int32] = []
    var itemShape: [Int32] = [1, 2]
    var itemSignature: [Int32]?
    /// What the operators that stack state; −1 for nothing.
    var stated: Int64 = -1
    /// The number that they state, as an attribute of another kind.
    var statedAttribute: FlexOptions.Attribute?
    /// Whether the list is made of x, and rows are read from it, as older converters write: then row i of the list is read
    /// in round i, before it is set.
    var isFromTensor = false
    /// Whether n is the model's second input instead of a constant.
    var countIsInput = false
    /// Whether n is computed: the input's number of steps.
    var countIsComputed = false
    var reserve = FlexOptions("TensorListReserve", [("element_dtype", .type(1)), ("shape_type", .type(3))])
    var setItem = FlexOptions(
        "TensorListSetItem", [("element_dtype", .type(1)), ("resize_if_index_out_of_bounds", .boolean(false))])
    /// The bytes of the reserving operator's options, if they are others.
    var reserveBytes: [UInt8]?
    var reserveName = "FlexTensorListReserve"

    private static let variant: Int8 = 14

    private var stack: FlexOptions {
        FlexOptions(
            "TensorListStack", [("element_dtype", .type(1)), ("num_elements", statedAttribute ?? .integer(stated))])
    }

    private func condition(_ limit: UInt32) -> Table {
        TestFile.subgraph(
            "condition\(limit)",
            tensors: [
                TestFile.tensor("i", [], type: 2), TestFile.tensor("list", [], type: TensorListFile.variant),
                TestFile.tensor("x", [4, 1, 2]), TestFile.tensor("limit", [], type: 2, buffer: limit),
                TestFile.tensor("go", [], type: 6),
            ], inputs: [0, 1, 2], outputs: [4], operators: [TestFile.operation(0, [0, 3], [4])])
    }

    private func body(negates: Bool, place: Bool) -> Table {
        let row =
            isFromTensor
            ? TestFile.operation(11, [1, 0, 9], [5], customOptions: FlexOptions("TensorListGetItem").bytes)
            : TestFile.operation(2, [2, 0], [5])
        return TestFile.subgraph(
            negates ? "second" : "first",
            tensors: [
                TestFile.tensor("i", indexShape, type: 2), TestFile.tensor("list", [], type: TensorListFile.variant),
                TestFile.tensor("x", [4, 1, 2]), TestFile.tensor("one", [], type: 2, buffer: 5),
                TestFile.tensor("next", [], type: 2), TestFile.tensor("row", [1, 2]),
                TestFile.tensor("item", itemShape, signature: itemSignature),
                TestFile.tensor("written", [], type: TensorListFile.variant),
                TestFile.tensor("place", indexShape, type: 2, buffer: place ? 6 : 0),
                TestFile.tensor("shape", [Int32(elementShape.count)], type: 2, buffer: 1),
            ], inputs: [0, 1, 2], outputs: [4, 7, 2],
            operators: [
                TestFile.operation(1, [0, 3], [4]), row,
                TestFile.operation(negates ? 3 : 4, [5], [6]),
                TestFile.operation(7, [1, place ? 8 : 0, 6], [7], customOptions: setItem.bytes),
            ])
    }

    var file: TestFile {
        let list = TensorListFile.variant
        let elements: [(String, FlexOptions.Attribute)] = [("element_dtype", .type(1)), ("shape_type", .type(3))]
        let start =
            isFromTensor
            ? TestFile.operation(
                10, [13, 1], [3], customOptions: FlexOptions("TensorListFromTensor", elements).bytes)
            : TestFile.operation(6, [1, 2], [3], customOptions: reserveBytes ?? reserve.bytes)
        let main = TestFile.subgraph(
            tensors: [
                TestFile.tensor("input", [1, 4, 2], signature: [-1, 4, 2]),
                TestFile.tensor("shape", [Int32(elementShape.count)], type: 2, buffer: 1),
                TestFile.tensor("n", [], type: 2, buffer: countIsInput || countIsComputed ? 0 : 2),
                TestFile.tensor("list", [], type: list), TestFile.tensor("zero", [], type: 2, buffer: 3),
                TestFile.tensor("i1", [], type: 2), TestFile.tensor("list1", [], type: list),
                TestFile.tensor("x1", [4, 1, 2]), TestFile.tensor("i2", [], type: 2),
                TestFile.tensor("list2", [], type: list), TestFile.tensor("x2", [4, 1, 2]),
                // The converter's guess of a shape, wrong as it often is.
                TestFile.tensor("y1", [1, 1, 2], signature: [-1, -1, 2]),
                TestFile.tensor("y2", [1, 1, 2], signature: [-1, -1, 2]),
                TestFile.tensor("x", [4, 1, 2]), TestFile.tensor("steps", [3], type: 2, buffer: 8),
                TestFile.tensor("extents", [3], type: 2), TestFile.tensor("axis", [], type: 2, buffer: 5),
            ], inputs: countIsInput ? [0, 2] : [0], outputs: [11, 12],
            operators: (countIsComputed
                ? [TestFile.operation(12, [0], [15]), TestFile.operation(2, [15, 16], [2])] : []) + [
                    TestFile.operation(9, [0, 14], [13]), start,
                    TestFile.operation(5, [4, 3, 13], [5, 6, 7], options: loop(1, 2)),
                    TestFile.operation(5, [4, 3, 13], [8, 9, 10], options: loop(3, 4)),
                    TestFile.operation(8, [6, 1], [11], customOptions: stack.bytes),
                    TestFile.operation(8, [9, 1], [12], customOptions: stack.bytes),
                ])
        return TestFile(
            codes: [
                // LESS, ADD, GATHER, NEG, RELU6, WHILE
                TestFile.code(58), TestFile.code(0), TestFile.code(36), TestFile.code(59), TestFile.code(21),
                TestFile.code(119), TestFile.code(32, custom: reserveName),
                TestFile.code(32, custom: "FlexTensorListSetItem"), TestFile.code(32, custom: "FlexTensorListStack"),
                // RESHAPE
                TestFile.code(22), TestFile.code(32, custom: "FlexTensorListFromTensor"),
                TestFile.code(32, custom: "FlexTensorListGetItem"),
                // SHAPE
                TestFile.code(77),
            ],
            subgraphs: [
                main, condition(4), body(negates: false, place: false), condition(7),
                body(negates: true, place: place != nil),
            ],
            buffers: [
                Table(), TestFile.buffer(elementShape), TestFile.buffer([count]), TestFile.buffer([0 as Int32]),
                TestFile.buffer([4 as Int32]), TestFile.buffer([1 as Int32]), TestFile.buffer([place ?? 0]),
                TestFile.buffer([rounds]), TestFile.buffer([4, 1, 2] as [Int32]),
            ])
    }

    private func loop(_ condition: Int32, _ body: Int32) -> (UInt8, Table) {
        (93, Table([0: .int32(condition), 1: .int32(body)]))
    }
}
