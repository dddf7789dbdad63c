import EmotionFormerCore
import EmotionFormerGraph

/// Turns one subgraph of a file into a graph, operator by operator.
///
/// The families of operations are in extensions, a file each.
final class SubgraphImporter {
    let file: TFLiteFile
    let index: Int
    /// Names of the program's graphs by subgraph.
    let graphNames: [String]
    let lists: TensorLists
    let fileVariables: FileVariables
    /// What loops and branches hand on.
    private let handed: HandedConstants
    var variables = VariableValues()
    /// The states of fused LSTMs that are kept; nil if each run starts them from zero.
    var states: KeptStates?
    private let constants: ConstantStore
    private(set) var nodes: [Node] = []
    private(set) var valueNames: [Int: String] = [:]
    private var names = UniqueNames()
    private var nodeNames = UniqueNames()
    private var made: Set<Int> = []
    /// The operator that makes a tensor.
    private var producers: [Int: Int] = [:]

    init(
        _ file: TFLiteFile, subgraph index: Int, graphNames: [String], constants: ConstantStore, lists: TensorLists,
        variables: FileVariables, handed: HandedConstants, keepsStates: Bool
    ) {
        self.file = file
        self.index = index
        self.graphNames = graphNames
        self.constants = constants
        self.lists = lists
        fileVariables = variables
        self.handed = handed
        states = keepsStates && index == file.main ? KeptStates() : nil
    }

    private var subgraph: TFLiteFile.Subgraph { file.subgraphs[index] }
    /// Whether this is the model's own subgraph, and no loop's or branch's.
    var isMain: Bool { index == file.main }

    /// The whole subgraph.
    func graph() throws(Fault) -> Graph {
        // Names are given in the order of tensor indices, so that they do not depend on which operator asks first.
        for (tensor, content) in subgraph.tensors.enumerated() {
            valueNames[tensor] = names.claim(content.name, suffix: "tensor\(tensor)")
        }
        var inputs: [GraphInput] = []
        for tensor in subgraph.inputs where isMain || hasValue(tensor) { inputs.append(try graphInput(tensor)) }
        if !isMain {
            for variable in fileVariables.handedOn { inputs.append(try bodyInput(variable)) }
        }
        made = Set(subgraph.inputs)
        for (position, operation) in subgraph.operators.enumerated() {
            for tensor in operation.outputs { producers[tensor] = position }
        }
        for (position, operation) in subgraph.operators.enumerated() {
            let reader = OperatorReader(file: file, subgraph: index, index: position, operation: operation)
            do throws(Fault) {
                try checkTypes(of: reader)
                try importOperator(reader)
                for tensor in reader.outputs where !made.contains(tensor) {
                    throw Fault(.missingField, at: reader.place(tensor), "the operator has a result too many")
                }
            } catch {
                throw error.within(file.place(operator: position, subgraph: index))
            }
        }
        var outputs: [String] = []
        for tensor in subgraph.outputs where isMain || hasValue(tensor) {
            guard !isMain || list(tensor) == nil else {
                throw Fault(.unsupportedOperation, at: place(tensor), "a tensor list as an output is not supported")
            }
            outputs.append(try value(tensor))
        }
        outputs += try bodyVariables()
        let kept = isMain ? try graphVariables() + (states?.variables ?? []) : []
        return Graph(
            name: graphNames[index], inputs: inputs, outputs: outputs, nodes: nodes, variables: kept,
            quantizations: quantizations())
    }

    /// Those of the values that are computed; constants have their own.
    private func quantizations() -> [String: ValueQuantization] {
        var result: [String: ValueQuantization] = [:]
        for tensor in made where !isConstant(tensor) {
            result[name(tensor)] = ConstantStore.valueQuantization(of: subgraph.tensors[tensor])
        }
        return result
    }

    /// The main graph's first axis is the batch's; it is 1 at run time where the file leaves it open.
    private func graphInput(_ tensor: Int) throws(Fault) -> GraphInput {
        let content = subgraph.tensors[tensor]
        if let list = list(tensor) {
            return GraphInput(name: name(tensor), elementType: .float32, extents: list.extents)
        }
        guard content.type != .int4, let type = content.type.elementType else {
            throw Fault(
                .elementTypeMismatch, at: place(tensor),
                "inputs of this type are not supported: \(content.type.wayOut)", found: content.type.name)
        }
        var extents: [Int?] = zip(content.signature, content.shape).map { $0 < 0 ? nil : $1 }
        if isMain, let first = extents.first, first == nil { extents[0] = 1 }
        return GraphInput(name: name(tensor), elementType: type, extents: extents)
    }

    private func place(_ tensor: Int) -> String {
        "\(file.place(subgraph: index)): \(file.place(tensor: tensor, subgraph: index))"
    }

    // MARK: What the families use

    /// Whether a value stands for a tensor: handles of variables have none.
    func hasValue(_ tensor: Int) -> Bool { subgraph.tensors[tensor].type != .resource }

    /// The value name that stands for a tensor.
    func name(_ tensor: Int) -> String { valueNames[tensor] ?? "tensor\(tensor)" }

    /// The tensor list that a tensor is, if it is one.
    func list(_ tensor: Int) -> TensorList? { lists.list(tensor, subgraph: index) }

    func isConstant(_ tensor: Int) -> Bool { file.isConstant(subgraph.tensors[tensor]) }

    /// The value of an operand. A constant's node is made when the first operator uses it.
    func value(_ tensor: Int) throws(Fault) -> String {
        let name = name(tensor)
        guard !made.contains(tensor) else { return name }
        guard isConstant(tensor) else {
            throw Fault(
                .unsupportedAttribute, at: file.place(tensor: tensor, subgraph: index),
                "a variable that keeps its value between runs is not supported here")
        }
        do throws(Fault) {
            let stored = try constants.name(of: subgraph.tensors[tensor], wish: name)
            nodes.append(
                Node(
                    .constant, name: nodeNames.claim("constant_\(tensor)", suffix: "2"), outputs: [name],
                    weights: ["value": stored]))
        } catch {
            throw error.within(file.place(tensor: tensor, subgraph: index))
        }
        made.insert(tensor)
        return name
    }

    /// Says that a tensor is done with, though no value stands for it.
    func made(_ tensor: Int) { made.insert(tensor) }

    /// A name that no value has.
    func claimName(_ wish: String) -> String { names.claim(wish, suffix: "\(nodes.count)") }

    /// The stored tensor's name for a constant of the file.
    func storedName(of content: TFLiteFile.Tensor, wish: String) throws(Fault) -> String {
        try constants.name(of: content, wish: wish)
    }

    /// The stored tensor's name for a constant that the file does not hold.
    func storedName(ofLiteral tensor: Tensor, wish: String) -> String {
        constants.name(ofLiteral: tensor, wish: wish)
    }

    /// Makes a value a constant, ahead of all nodes.
    func putFirst(constant stored: String, making value: String) {
        nodes.insert(
            Node(
                .constant, name: nodeNames.claim("constant \(value)", suffix: "2"), outputs: [value],
                weights: ["value": stored]), at: 0)
    }

    /// The value of a constant that an operator needs and the file does not hold.
    func literal(_ tensor: Tensor, _ reader: OperatorReader, _ what: String) throws(Fault) -> String {
        let result = intermediate(of: reader.outputs[0], what)
        let stored = constants.name(ofLiteral: tensor, wish: result)
        nodes.append(
            Node(
                .constant, name: nodeNames.claim("\(reader.name)_\(reader.index)_\(what)", suffix: "2"),
                outputs: [result], weights: ["value": stored]))
        return result
    }

    /// The value of an int8 constant matrix with its rows and columns exchanged.
    func transposedMatrix(_ tensor: Int, of reader: OperatorReader) throws(Fault) -> String {
        let result = intermediate(of: reader.outputs[0], "weights")
        let stored = try constants.name(ofTransposed: subgraph.tensors[tensor], wish: "\(name(tensor))/transposed")
        nodes.append(
            Node(
                .constant, name: nodeNames.claim("constant_\(tensor)", suffix: "transposed"), outputs: [result],
                weights: ["value": stored]))
        return result
    }

    /// The value of int8 constant weights (out, 1, 1, in) as a matrix (out, in).
    func pointwiseMatrix(_ tensor: Int, of reader: OperatorReader) throws(Fault) -> String {
        let shape = subgraph.tensors[tensor].shape
        return try reshapedConstant(tensor, to: [shape[0], shape[3]], "matrix", of: reader)
    }

    /// The value of a constant with another shape of as many elements.
    func reshapedConstant(
        _ tensor: Int, to shape: [Int], _ what: String, of reader: OperatorReader
    ) throws(Fault) -> String {
        let result = intermediate(of: reader.outputs[0], what == "matrix" ? "weights" : what)
        var content = subgraph.tensors[tensor]
        content.shape = shape
        let stored = try constants.name(of: content, wish: "\(name(tensor))/\(what)")
        nodes.append(
            Node(
                .constant, name: nodeNames.claim("constant_\(tensor)", suffix: what), outputs: [result],
                weights: ["value": stored]))
        return result
    }

    /// The file's constant that a tensor is, also one that a loop or branch is given and does not change.
    func constant(_ tensor: Int) -> TFLiteFile.Tensor? { handed.constant(tensor, subgraph: index) }

    /// The integers of an operand that the file holds, or nil if it is computed at run time.
    /// - Parameter count: the most integers allowed, because they become attributes and operators may share a constant.
    func integers(_ tensor: Int, atMost count: Int = 64) throws(Fault) -> [Int]? {
        guard let content = constant(tensor) else { return nil }
        guard content.shape.reduce(1, &*) <= count else {
            throw Fault(
                .limitExceeded, at: file.place(tensor: tensor, subgraph: index), "the operand holds too many integers",
                found: "shape \(content.shape)", expected: "at most \(count)")
        }
        guard let integers = try constants.integers(of: content) else {
            throw Fault(
                .elementTypeMismatch, at: file.place(tensor: tensor, subgraph: index), "the operand must hold integers",
                found: content.type.name)
        }
        return integers
    }

    /// A constant's only element, or nil if it has several or is computed at run time.
    func scalar(_ tensor: Int) throws(Fault) -> Double? {
        guard let content = constant(tensor), content.shape.allSatisfy({ $0 == 1 }) else { return nil }
        return try constants.doubles(of: content).first
    }

    /// Whether a fused LSTM's state starts from zero: a variable that is never written, or only with zeros.
    func startsFromZero(_ tensor: Int) -> Bool {
        guard let producer = producers[tensor] else {
            return subgraph.tensors[tensor].isVariable || isZero(tensor)
        }
        let operation = subgraph.operators[producer]
        guard file.operationName(operation) == "DEQUANTIZE", let source = operation.inputs.first, source != -1 else {
            return false
        }
        return isZero(source)
    }

    private func isZero(_ tensor: Int) -> Bool {
        isConstant(tensor) && constants.isZero(buffer: subgraph.tensors[tensor].buffer)
    }

    /// An additional value, named after a tensor.
    func intermediate(of tensor: Int, _ what: String) -> String {
        names.claim("\(name(tensor))/\(what)", suffix: "\(nodes.count)")
    }

    /// Appends a node of an operator.
    func emit(
        _ reader: OperatorReader, _ operation: Operation, _ inputs: [String?], outputs: [String],
        _ attributes: Attributes = [:], step: String = ""
    ) {
        var inputs = inputs
        while let last = inputs.last, last == nil { inputs.removeLast() }
        let name = "\(reader.name)_\(reader.index)" + (step.isEmpty ? "" : "_\(step)")
        nodes.append(
            Node(
                operation, name: nodeNames.claim(name, suffix: "2"), inputs: inputs, outputs: outputs,
                attributes: attributes))
        let results = Set(outputs)
        made.formUnion(reader.outputs.filter { results.contains(self.name($0)) })
    }

    /// Appends a node for the operator's only result, and an `activation` node if one is fused.
    func emit(
        _ reader: OperatorReader, _ operation: Operation, _ inputs: [String?], _ attributes: Attributes = [:],
        activation: ActivationFunction? = nil
    ) throws(Fault) {
        try reader.expect(outputs: 1)
        let result = reader.outputs[0]
        guard let activation else {
            return emit(reader, operation, inputs, outputs: [name(result)], attributes)
        }
        let before = intermediate(of: result, "linear")
        emit(reader, operation, inputs, outputs: [before], attributes)
        emit(
            reader, .activation, [before], outputs: [name(result)], ["function": .text(activation.rawValue)],
            step: "activation")
    }

    /// The function that an operator's options name; nil for none.
    func fusedActivation(_ code: Int) throws(Fault) -> ActivationFunction? {
        switch code {
        case 0: nil
        case 1: .relu
        case 2: .reluN1To1
        case 3: .relu6
        case 4: .tanh
        default:
            throw Fault(
                .unsupportedAttribute, at: "", "the fused activation is not supported",
                found: code == 5 ? "SIGN_BIT" : "\(code)")
        }
    }
}
