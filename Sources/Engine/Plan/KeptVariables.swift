import EmotionFormerCore
package import EmotionFormerGraph

/// The variables of a plan: where a run finds them, and where it leaves them.
///
/// A session keeps their elements outside of its arena, one variable after the other. They are copied in before a run
/// and out after it, so that variables may change places, and a run that fails leaves them as they were.
struct KeptVariables: Sendable {
    struct Variable: Sendable {
        let name: String
        let type: ValueType
        /// Of its elements among those of all variables, in bytes; a multiple of 64.
        let offset: Int
        let before: Destination
        let after: Operand
        let initial: Tensor
        let isState: Bool
    }

    let variables: [Variable]
    /// Of all variables.
    let byteCount: Int

    init(of graph: TypedGraph, _ layout: Layout) {
        var offset = 0
        variables = graph.variables.map { variable in
            let (before, after) = (graph.inputs[variable.input], graph.outputs[variable.output])
            let type = graph.values[before].type
            defer { offset += (type.byteCount + 63) / 64 * 64 }
            return Variable(
                name: variable.name, type: type, offset: offset, before: layout.destination(before),
                after: layout.operand(after), initial: variable.initial.apart(), isState: variable.isState)
        }
        byteCount = offset
    }

    /// Sets the variables to what they are before the first run.
    /// - Parameter statesOnly: whether only the states of fused LSTMs are set.
    func reset(_ memory: UnsafeMutableRawPointer, statesOnly: Bool = false) {
        for variable in variables where variable.isState || !statesOnly {
            variable.initial.withUnsafeBytes { bytes in
                guard let source = bytes.baseAddress else { return }
                (memory + variable.offset).copyMemory(from: source, byteCount: variable.type.byteCount)
            }
        }
    }

    /// Gives them to a run.
    func give(_ memory: UnsafeRawPointer, to execution: Execution) {
        for variable in variables {
            variable.before.bytes(execution).copyMemory(
                from: memory + variable.offset, byteCount: variable.type.byteCount)
        }
    }

    /// Takes them from a run.
    func take(_ memory: UnsafeMutableRawPointer, from execution: Execution) {
        for variable in variables {
            (memory + variable.offset).copyMemory(
                from: variable.after.bytes(execution), byteCount: variable.type.byteCount)
        }
    }
}

/// A variable's name and type.
package struct VariableSummary: Sendable, Hashable {
    package let name: String
    package let type: ValueType
}

extension Plan {
    /// What a session keeps from one run to the next; empty for most models.
    package var variables: [VariableSummary] {
        compiled.variables.variables.map { VariableSummary(name: $0.name, type: $0.type) }
    }
}
