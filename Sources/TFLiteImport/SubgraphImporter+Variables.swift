import EmotionFormerCore
import EmotionFormerGraph

/// The variables of a file by name, found operator by operator from the main subgraph on: a loop or branch hands them to
/// its bodies, which are imported after it.
final class FileVariables {
    /// What a variable is called: two variables of one name in different containers are not the same.
    struct Name: Hashable, Comparable, CustomStringConvertible {
        let container: String
        let shared: String

        var description: String { container.isEmpty ? "'\(shared)'" : "'\(shared)' in '\(container)'" }
        /// For a graph's variable.
        var text: String {
            let text = container.isEmpty ? shared : "\(container)/\(shared)"
            return text.isEmpty ? "variable" : text
        }

        static func < (first: Name, second: Name) -> Bool {
            (first.container, first.shared) < (second.container, second.shared)
        }
    }

    /// Where the constants are that the first run sets the variables to: subgraph and tensor.
    fileprivate(set) var first: [Name: (subgraph: Int, tensor: Int)] = [:]
    /// The subgraphs that have set variables. LiteRT, too, runs each of them once.
    fileprivate var run: Set<Int> = []
    /// Whether a loop or branch reads or sets any.
    private let areNested: Bool
    private var handles: [Key: Name] = [:]
    /// Whether a body is a loop's condition.
    private var conditions: [Int: Bool] = [:]

    private struct Key: Hashable {
        var subgraph: Int
        var tensor: Int
    }

    /// - Parameter subgraphs: those that the main one needs, itself first.
    init(_ file: TFLiteFile, subgraphs: [Int]) {
        areNested = subgraphs.dropFirst().contains { subgraph in
            file.subgraphs[subgraph].operators.contains {
                [.read, .assign].contains(VariableOperator(rawValue: file.operationName($0)))
            }
        }
    }

    /// The variables that every loop and branch takes and gives, in this order.
    var handedOn: [Name] { areNested ? first.keys.sorted() : [] }

    /// The variable that a handle stands for.
    func name(_ tensor: Int, subgraph: Int) -> Name? { handles[Key(subgraph: subgraph, tensor: tensor)] }

    func isCondition(_ subgraph: Int) -> Bool { conditions[subgraph] ?? false }

    /// - Throws: `unsupportedOperation` for a loop's condition that is another operator's body, if variables are handed on.
    func declare(_ subgraph: Int, isCondition: Bool) throws(Fault) {
        let known = conditions.updateValue(isCondition, forKey: subgraph)
        guard known == nil || known == isCondition || handedOn.isEmpty else {
            throw Fault(
                .unsupportedOperation, at: "subgraph \(subgraph)",
                "a loop's condition is another operator's body and uses variables, which is not supported")
        }
    }

    /// - Throws: `invalidValue` if the handle stands for another one: in a body that two operators run.
    func declare(_ name: Name, _ tensor: Int, subgraph: Int) throws(Fault) {
        let known = handles.updateValue(name, forKey: Key(subgraph: subgraph, tensor: tensor))
        guard known == nil || known == name else {
            throw Fault(
                .invalidValue, at: "subgraph \(subgraph): tensor \(tensor)", "a handle stands for two variables",
                found: "\(known?.description ?? "") and \(name)")
        }
    }
}

/// The variables of a subgraph while it is imported.
struct VariableValues {
    /// The values that hold them before the subgraph runs.
    var before: [FileVariables.Name: String] = [:]
    /// The values that they have been set to.
    var current: [FileVariables.Name: String] = [:]
}

/// Operators on variables.
enum VariableOperator: String {
    case callOnce = "CALL_ONCE"
    case handle = "VAR_HANDLE"
    case read = "READ_VARIABLE"
    case assign = "ASSIGN_VARIABLE"
}

extension SubgraphImporter {
    func importVariable(_ reader: OperatorReader, _ kind: VariableOperator) throws(Fault) {
        switch kind {
        case .callOnce:
            guard isMain else {
                throw reader.unsupported("sets variables inside of a loop or branch, which is not supported")
            }
            try setOnce(reader)
        case .handle:
            try reader.expect(inputs: 0...0)
            let name = try SubgraphImporter.variable(reader.options(111))
            try fileVariables.declare(name, reader.outputs[0], subgraph: index)
            made(reader.outputs[0])
        case .read:
            try reader.expect(inputs: 1...1)
            let name = try handle(try reader.input(0), reader)
            if let value = variables.current[name] ?? variables.before[name] {
                return try emit(reader, .identity, [value])
            }
            try checkIsSet(name, reader)
            // The value that holds it before a run: the main graph's variable, or a constant if nothing sets it.
            variables.before[name] = self.name(reader.outputs[0])
            made(reader.outputs[0])
        case .assign:
            try reader.expect(inputs: 2...2, outputs: 0)
            let name = try handle(try reader.input(0), reader)
            if !isMain { try checkIsSet(name, reader) }
            variables.current[name] = try value(try reader.input(1))
        }
    }

    private func checkIsSet(_ name: FileVariables.Name, _ reader: OperatorReader) throws(Fault) {
        guard fileVariables.first[name] != nil else {
            throw reader.unsupported(
                "uses a variable that no CALL_ONCE sets, which is not supported", found: "\(name)")
        }
    }

    func handle(_ tensor: Int, _ reader: OperatorReader) throws(Fault) -> FileVariables.Name {
        guard let name = fileVariables.name(tensor, subgraph: index) else {
            throw reader.unsupported("takes a variable that no VAR_HANDLE names", found: reader.place(tensor))
        }
        return name
    }

    /// What a variable is now.
    func currentValue(_ variable: FileVariables.Name) -> String {
        if let value = variables.current[variable] ?? variables.before[variable] { return value }
        let value = claimName("variable \(variable.text)")
        variables.before[variable] = value
        return value
    }

    /// A variable as an input of a body.
    func bodyInput(_ variable: FileVariables.Name) throws(Fault) -> GraphInput {
        guard let place = fileVariables.first[variable] else {
            throw Fault(.unknownName, at: "variable \(variable)", "no CALL_ONCE sets the variable")
        }
        let tensor = file.subgraphs[place.subgraph].tensors[place.tensor]
        guard let type = tensor.type.elementType else {
            throw Fault(
                .elementTypeMismatch, at: "variable \(variable)", "variables of this type are not supported",
                found: tensor.type.name)
        }
        return GraphInput(name: currentValue(variable), elementType: type, extents: tensor.shape)
    }

    /// The variables of the main graph: those that a run reads before it sets them. One that nothing sets is a constant.
    func graphVariables() throws(Fault) -> [GraphVariable] {
        var result: [GraphVariable] = []
        var names = UniqueNames()
        for (variable, before) in variables.before.sorted(by: { $0.key < $1.key }) {
            guard let place = fileVariables.first[variable] else { continue }
            do throws(Fault) {
                let tensor = file.subgraphs[place.subgraph].tensors[place.tensor]
                let initial = try storedName(of: tensor, wish: before)
                if let after = variables.current[variable], after != before {
                    result.append(
                        GraphVariable(
                            name: names.claim(variable.text, suffix: "2"), input: before, output: after,
                            initial: initial))
                } else {
                    putFirst(constant: initial, making: before)
                }
            } catch {
                throw error.within("variable \(variable)")
            }
        }
        return result
    }

    private static func variable(_ options: OperatorOptions) throws(Fault) -> FileVariables.Name {
        FileVariables.Name(
            container: try options.table?.string(0) ?? "", shared: try options.table?.string(1) ?? "")
    }

    /// Reads a subgraph that sets variables to constants, which is all that it may do.
    private func setOnce(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 0...0, outputs: 0)
        let target = try reader.options(103).integer(0)
        guard file.subgraphs.indices.contains(target), target != 0, target != file.main else {
            throw Fault(
                .outOfBounds, at: "", "the operator runs a subgraph that is not there or is the main one",
                found: "\(target)", expected: "1..<\(file.subgraphs.count)")
        }
        guard fileVariables.run.insert(target).inserted else { return }
        guard variables.before.isEmpty, variables.current.isEmpty else {
            throw reader.unsupported("sets variables that were read or set before, which is not supported")
        }
        var handles: [Int: FileVariables.Name] = [:]
        for (position, operation) in file.subgraphs[target].operators.enumerated() {
            let inner = OperatorReader(file: file, subgraph: target, index: position, operation: operation)
            switch VariableOperator(rawValue: inner.name) {
            case .handle?:
                try inner.expect(inputs: 0...0)
                handles[inner.outputs[0]] = try SubgraphImporter.variable(inner.options(111))
            case .assign?:
                try inner.expect(inputs: 2...2, outputs: 0)
                let value = try inner.input(1)
                guard let name = handles[try inner.input(0)], file.isConstant(inner.tensor(value)) else {
                    throw reader.unsupported(
                        "sets a variable to what it computes, which is not supported",
                        found: inner.place(value))
                }
                fileVariables.first[name] = (target, value)
            default:
                throw reader.unsupported(
                    "runs a subgraph that does more than to set variables to constants, which is not supported",
                    found: "\(inner.name) in subgraph \(target)")
            }
        }
    }
}
