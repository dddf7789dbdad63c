import EmotionFormerCore

/// An operator of the file while it is imported: its operands and options, each access checked.
struct OperatorReader {
    let file: TFLiteFile
    let subgraph: Int
    let index: Int
    let operation: TFLiteFile.Operator

    var name: String { file.operationName(operation) }
    var version: Int { file.operatorCodes[operation.code].version }
    var outputs: [Int] { operation.outputs }
    /// Whether it is one of TensorFlow's own operators.
    var isFlex: Bool { name.hasPrefix(OperatorReader.flexPrefix) }
    /// What precedes TensorFlow's name of one of its own operators.
    static let flexPrefix = "CUSTOM Flex"
    private var tensors: [TFLiteFile.Tensor] { file.subgraphs[subgraph].tensors }

    func tensor(_ index: Int) -> TFLiteFile.Tensor { tensors[index] }
    func place(_ tensor: Int) -> String { file.place(tensor: tensor, subgraph: subgraph) }

    /// The tensor index of an operand, or nil if it is left out.
    func optionalInput(_ position: Int) -> Int? {
        guard operation.inputs.indices.contains(position), operation.inputs[position] != -1 else { return nil }
        return operation.inputs[position]
    }

    /// The tensor index of an operand.
    func input(_ position: Int) throws(Fault) -> Int {
        guard let index = optionalInput(position) else {
            throw Fault(.missingField, at: "", "operand \(position) is absent")
        }
        return index
    }

    /// - Throws: `invalidValue` unless the numbers of operands and results are as given.
    func expect(inputs: ClosedRange<Int>, outputs count: Int = 1) throws(Fault) {
        guard inputs.contains(operation.inputs.count) else {
            throw Fault(
                .invalidValue, at: "", "wrong number of operands", found: "\(operation.inputs.count)",
                expected: inputs.count == 1 ? "\(inputs.lowerBound)" : "\(inputs.lowerBound) to \(inputs.upperBound)")
        }
        try expect(outputs: count)
    }

    func expect(outputs count: Int) throws(Fault) {
        guard outputs.count == count else {
            throw Fault(
                .invalidValue, at: "", "wrong number of results", found: "\(outputs.count)", expected: "\(count)")
        }
    }

    /// The operator's options, which must be of the schema's type with this number if they are there.
    func options(_ type: Int) throws(Fault) -> OperatorOptions {
        if operation.optionsType != 0, operation.optionsType != type {
            throw Fault(
                .malformedTFLite, at: "", "the options are another operation's",
                found: "type \(operation.optionsType)", expected: "type \(type)")
        }
        return OperatorOptions(table: operation.options)
    }

    /// What to do about other operators.
    private static let kerasFile = "if there is a Keras file of the model, export that with Tools/export"

    /// What to do about TensorFlow's own operators.
    static let wayOut =
        "convert the model with a batch of 1 and without SELECT_TF_OPS, or export its Keras file with Tools/export"

    /// Names of custom operators, by their start, that a compiler for one chip puts in the place of a model's operators.
    private static let compiled = [
        ("CUSTOM edgetpu", "the Edge TPU", "the .tflite that edgetpu_compiler was given, the one without _edgetpu"),
        ("CUSTOM ethos-u", "Arm's Ethos-U", "the .tflite that Vela was given"),
        ("CUSTOM NeuronOp", "MediaTek's processors", "the .tflite that its compiler was given"),
    ]

    func notImported() -> Fault {
        for (start, chip, source) in OperatorReader.compiled where name.hasPrefix(start) {
            return unsupported("holds code for \(chip), which no other processor runs: take \(source)", found: name)
        }
        guard isFlex else {
            return unsupported("is not supported: \(OperatorReader.kerasFile)", found: name)
        }
        return unsupported(
            "is one of TensorFlow's own operators (SELECT_TF_OPS), which is not supported: \(OperatorReader.wayOut)",
            found: name)
    }

    /// Names what is not supported, with the operator's version and its first result.
    func unsupported(_ problem: String, found: String? = nil) -> Fault {
        let result = outputs.first.map { ", which makes \(place($0))," } ?? ""
        return Fault(.unsupportedOperation, at: "", "version \(version)\(result) \(problem)", found: found)
    }
}

/// Options by their index in the schema's table, with the default of each that is absent.
struct OperatorOptions {
    let table: FlatBufferTable?

    func integer(_ slot: Int, default value: Int32 = 0) throws(Fault) -> Int {
        Int(try table?.number(slot, default: value) ?? value)
    }

    /// An enumeration's case.
    func choice(_ slot: Int) throws(Fault) -> Int { Int(try table?.number(slot, default: 0 as Int8) ?? 0) }

    func flag(_ slot: Int, default value: Bool = false) throws(Fault) -> Bool {
        try table?.flag(slot, default: value) ?? value
    }

    func float(_ slot: Int) throws(Fault) -> Float { try table?.float(slot) ?? 0 }

    func integers(_ slot: Int) throws(Fault) -> [Int]? {
        guard let numbers = try table?.numbers(slot, as: Int32.self) else { return nil }
        return numbers.map { Int($0) }
    }
}
