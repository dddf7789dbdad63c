import EmotionFormerCore
import EmotionFormerGraph

/// TensorFlow's operators on tensor lists, by its names. The converter writes them for LSTM and GRU layers of an open
/// batch.
enum ListOperator: String {
    case reserve = "TensorListReserve"
    case fromTensor = "TensorListFromTensor"
    case setItem = "TensorListSetItem"
    case getItem = "TensorListGetItem"
    case stack = "TensorListStack"

    /// - Parameter operatorName: the name in a file, as `OperatorReader` gives it.
    init?(operatorName: String) {
        guard operatorName.hasPrefix(OperatorReader.flexPrefix) else { return nil }
        self.init(rawValue: String(operatorName.dropFirst(OperatorReader.flexPrefix.count)))
    }

    /// The attributes that it may have.
    var attributes: Set<String> {
        switch self {
        case .reserve, .fromTensor: ["element_dtype", "shape_type"]
        case .setItem: ["element_dtype", "resize_if_index_out_of_bounds"]
        case .getItem: ["element_dtype"]
        case .stack: ["element_dtype", "num_elements"]
        }
    }
}

/// A list becomes a tensor (n, element…) of float32, each row an element. It is a value: setting an item makes another
/// tensor. A row that was never set is zero, as TensorFlow reads it.
extension SubgraphImporter {
    func importList(_ reader: OperatorReader, _ list: ListOperator) throws(Fault) {
        let node = try flexNode(reader, list)
        switch list {
        case .reserve: try reserve(reader)
        case .fromTensor: try listFromTensor(reader)
        case .setItem: try setItem(reader, node)
        case .getItem: try getItem(reader)
        case .stack: try stack(reader, node)
        }
    }

    /// The operator's options, checked: it is what its code says, the elements are float32, and nothing is stated that
    /// is not known here.
    private func flexNode(_ reader: OperatorReader, _ list: ListOperator) throws(Fault) -> FlexNode {
        guard !reader.operation.customOptions.isEmpty else {
            throw Fault(.missingField, at: "custom options", "the operator does not say what its elements are")
        }
        let node = try FlexNode(file.bytes[reader.operation.customOptions])
        guard node.operation == list.rawValue else {
            throw Fault(
                .malformedTFLite, at: "custom options", "they are another operator's",
                found: "'\(TFLiteFile.shortened(node.operation))'", expected: "'\(list.rawValue)'")
        }
        // TensorFlow's own notes begin with an underscore.
        for attribute in node.attributeNames where !list.attributes.contains(attribute) && !attribute.hasPrefix("_") {
            throw reader.unsupported(
                "has an attribute that is not supported", found: "'\(TFLiteFile.shortened(attribute))'")
        }
        guard let type = try node.number("element_dtype", .type) else {
            throw Fault(.missingField, at: "custom options", "the operator does not say the type of its elements")
        }
        guard type == FlexNode.float32 else {
            throw reader.unsupported(
                "keeps a tensor list of another type than float32, which is not supported: \(OperatorReader.wayOut)",
                found: "TensorFlow's type \(type)")
        }
        return node
    }

    /// Operands: the element's shape and the number of elements.
    private func reserve(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2, outputs: 1)
        let count = try reader.input(1)
        try check(reader, count, .int32)
        let known = try integers(count)
        if let known, known.count != 1 || known[0] < 0 {
            throw Fault(
                .invalidValue, at: reader.place(count), "the number of a list's elements is not one number from 0",
                found: "\(known.prefix(4))")
        }
        let list = TensorList(count: known?.first, element: try element(reader, 0))
        try checkSize(of: list)
        try declare(list, reader)
        let zero = try literal(Tensor(scalar: Float(0)), reader, "zero")
        guard let rows = list.count else {
            let first = step(reader, "count")
            emit(reader, .reshape, [try value(count)], outputs: [first], ["shape": .integers([1])], step: "count")
            let rest = try literal(Tensor(list.element.map { Int32(clamping: $0) }), reader, "element")
            let shape = step(reader, "shape")
            emit(reader, .concatenate, [first, rest], outputs: [shape], ["axis": .integer(0)], step: "shape")
            return try emit(reader, .fill, [shape, zero])
        }
        try emit(reader, .fill, [nil, zero], ["shape": .integers([rows] + list.element)])
    }

    /// Operands: the tensor and the element's shape.
    private func listFromTensor(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2, outputs: 1)
        let tensor = try reader.input(0)
        try check(reader, tensor, .float32)
        // The file's shape of a value that is computed may be the converter's guess; a constant's is sure.
        let count = isConstant(tensor) ? reader.tensor(tensor).shape.first : nil
        try declare(TensorList(count: count, element: try element(reader, 1)), reader)
        try emit(reader, .identity, [try value(tensor)])
    }

    /// Operands: the list, an index and the item.
    private func setItem(_ reader: OperatorReader, _ node: FlexNode) throws(Fault) {
        try reader.expect(inputs: 3...3, outputs: 1)
        let grows = try node.number("resize_if_index_out_of_bounds", .boolean) ?? 0
        guard grows == 0 else {
            throw reader.unsupported(
                "makes its list longer as it runs, which is not supported: \(OperatorReader.wayOut)")
        }
        let (list, rows) = try listOperand(reader)
        let (index, item) = try (reader.input(1), reader.input(2))
        try checkIndex(reader, index)
        try checkItem(reader, item, of: list)
        try declare(list, reader)
        let row = step(reader, "row")
        emit(
            reader, .reshape, [try value(item)], outputs: [row], ["shape": .integers([1] + list.element)], step: "row")
        if let known = try integers(index), let count = list.count {
            guard known.count == 1, (0..<count).contains(known[0]) else {
                throw Fault(
                    .outOfBounds, at: reader.place(index), "the index is not an element of the list",
                    found: "\(known.prefix(4))", expected: "0..<\(count)")
            }
            let begin = known + Array(repeating: 0, count: list.element.count)
            return try emit(reader, .updateSlice, [rows, row], ["begin": .integers(begin)])
        }
        // An update moves a place outside to the nearest inside; looking the index up in 0…n − 1 refuses it.
        let place = step(reader, "place")
        emit(
            reader, .gather, [try indices(of: rows, reader), try value(index)], outputs: [place],
            ["axis": .integer(0)], step: "place")
        let first = step(reader, "first")
        emit(reader, .reshape, [place], outputs: [first], ["shape": .integers([1])], step: "first")
        let others = try literal(
            Tensor([Int32](repeating: 0, count: list.element.count)), reader, "others")
        let begin = step(reader, "begin")
        emit(reader, .concatenate, [first, others], outputs: [begin], ["axis": .integer(0)], step: "begin")
        try emit(reader, .updateSlice, [rows, row, begin])
    }

    /// Operands: the list, an index and the element's shape.
    private func getItem(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 3...3, outputs: 1)
        let (list, rows) = try listOperand(reader)
        let index = try reader.input(1)
        try checkIndex(reader, index)
        try checkElement(reader, 2, of: list)
        try check(reader, reader.outputs[0], .float32)
        try emit(reader, .gather, [rows, try value(index)], ["axis": .integer(0)])
    }

    /// Operands: the list and the element's shape.
    private func stack(_ reader: OperatorReader, _ node: FlexNode) throws(Fault) {
        try reader.expect(inputs: 2...2, outputs: 1)
        let (list, rows) = try listOperand(reader)
        try checkElement(reader, 1, of: list)
        try check(reader, reader.outputs[0], .float32)
        let stated = try node.number("num_elements", .integer) ?? -1
        if stated >= 0, let count = list.count, count != stated {
            throw Fault(
                .shapeMismatch, at: "custom options", "the operator expects another number of elements",
                found: "a list of \(count)", expected: "\(stated)")
        }
        guard stated >= 0 else { return try emit(reader, .identity, [rows]) }
        // Where the number of elements is open, this checks it.
        try emit(reader, .reshape, [rows], ["shape": .integers([stated] + list.element)])
    }

    // MARK: Operands

    /// The operand 0: the list and its value.
    private func listOperand(_ reader: OperatorReader) throws(Fault) -> (list: TensorList, rows: String) {
        let tensor = try reader.input(0)
        guard let list = list(tensor) else {
            throw Fault(
                .elementTypeMismatch, at: reader.place(tensor), "a tensor list was expected",
                found: reader.tensor(tensor).type.name)
        }
        return (list, try value(tensor))
    }

    private func declare(_ list: TensorList, _ reader: OperatorReader) throws(Fault) {
        try check(reader, reader.outputs[0], nil)
        try lists.declare(list, reader.outputs[0], subgraph: index)
    }

    /// - Parameter type: nil for a list.
    private func check(_ reader: OperatorReader, _ tensor: Int, _ type: ElementType?) throws(Fault) {
        let found = reader.tensor(tensor).type
        let fits = type.map { found.elementType == $0 } ?? (found == .variant)
        guard fits else {
            throw Fault(
                .elementTypeMismatch, at: reader.place(tensor), "the tensor has another type than the operator needs",
                found: found.name, expected: type?.rawValue.uppercased() ?? TensorType.variant.name)
        }
    }

    /// The list's size in bytes is a value's.
    private func checkSize(of list: TensorList) throws(Fault) {
        let shape = try Shape([list.count ?? 1] + list.element)
        let type = ValueType(.float32, shape)
        try file.limits.check(.rank, shape.rank, "the list's elements have too many axes", found: "\(type)")
        try file.limits.check(.valueBytes, type.byteCount, "the list takes too many bytes", found: "\(type)")
    }

    /// The extents of an element from an operand; an open first one is the batch's.
    private func element(_ reader: OperatorReader, _ position: Int) throws(Fault) -> [Int] {
        let tensor = try reader.input(position)
        try check(reader, tensor, .int32)
        var extents = try knownIntegers(reader, position, "elements' shape", atMost: file.limits.rank)
        guard reader.tensor(tensor).shape.count == 1 else {
            throw reader.unsupported(
                "does not say how many axes the elements have, which is not supported: \(OperatorReader.wayOut)",
                found: reader.place(tensor))
        }
        if extents.first == -1 { extents[0] = batch }
        guard extents.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
            throw reader.unsupported(
                "leaves more of the elements' shape open than the batch, which is not supported: "
                    + OperatorReader.wayOut, found: "\(extents) in \(reader.place(tensor))")
        }
        guard !extents.contains(0) else {
            throw reader.unsupported(
                "has a list whose elements are empty, which is not supported",
                found: "\(extents) in \(reader.place(tensor))")
        }
        return extents
    }

    /// An index is a scalar. Where the file does not know a shape, it says the same as for a scalar.
    private func checkIndex(_ reader: OperatorReader, _ tensor: Int) throws(Fault) {
        try check(reader, tensor, .int32)
        let stated = reader.tensor(tensor).signature
        guard stated.isEmpty else {
            throw Fault(
                .malformedTFLite, at: reader.place(tensor), "the index is no scalar", found: "\(stated)",
                expected: "[]")
        }
    }

    /// Checks the item's shape where the file knows it: another with as many numbers is not the element's.
    private func checkItem(_ reader: OperatorReader, _ tensor: Int, of list: TensorList) throws(Fault) {
        try check(reader, tensor, .float32)
        let stated = reader.tensor(tensor).signature
        guard !stated.isEmpty || isConstant(tensor) else { return }
        guard stated.count == list.element.count, zip(stated, list.element).allSatisfy({ $0 < 0 || $0 == $1 }) else {
            throw Fault(
                .malformedTFLite, at: reader.place(tensor), "the item has another shape than the list's elements",
                found: "\(stated)", expected: "\(list.element)")
        }
    }

    /// Checks the element's shape that a reading operator states, if it is known.
    private func checkElement(_ reader: OperatorReader, _ position: Int, of list: TensorList) throws(Fault) {
        let tensor = try reader.input(position)
        guard reader.tensor(tensor).shape.count == 1, let stated = try integers(tensor) else { return }
        guard stated.count == list.element.count, zip(stated, list.element).allSatisfy({ $0 < 0 || $0 == $1 }) else {
            throw Fault(
                .shapeMismatch, at: reader.place(tensor), "the list's elements have another shape",
                found: "\(list.element)", expected: "\(stated)")
        }
    }

    /// The batch of the model's input; where the file leaves it open it is 1.
    private var batch: Int {
        guard let input = file.subgraphs[file.main].inputs.first else { return 1 }
        let tensor = file.subgraphs[file.main].tensors[input]
        guard let stated = tensor.signature.first, let stored = tensor.shape.first else { return 1 }
        return stated < 0 ? 1 : stored
    }

    /// 0, 1, … n − 1 for a list of n elements.
    private func indices(of rows: String, _ reader: OperatorReader) throws(Fault) -> String {
        let extents = step(reader, "extents")
        emit(
            reader, .shape, [rows], outputs: [extents], ["elementType": .text(ElementType.int32.rawValue)],
            step: "extents")
        let first = step(reader, "rows")
        emit(
            reader, .slice, [extents], outputs: [first], ["begin": .integers([0]), "size": .integers([1])], step: "rows"
        )
        let count = step(reader, "count")
        emit(reader, .reshape, [first], outputs: [count], ["shape": .integers([])], step: "count")
        let zero = try literal(Tensor(scalar: Int32(0)), reader, "start")
        let one = try literal(Tensor(scalar: Int32(1)), reader, "delta")
        let indices = step(reader, "indices")
        emit(reader, .range, [zero, count, one], outputs: [indices], step: "indices")
        return indices
    }

    private func step(_ reader: OperatorReader, _ what: String) -> String { intermediate(of: reader.outputs[0], what) }
}
