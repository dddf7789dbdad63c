package import EmotionFormerCore

extension Session {
    /// Sets the variables to what they are before the first run. Nothing happens if the plan has none.
    package func resetVariables() { plan.compiled.variables.reset(variableMemory.address) }

    /// Sets the states of fused LSTMs to zero, and leaves other variables as they are.
    package func resetStates() { plan.compiled.variables.reset(variableMemory.address, statesOnly: true) }

    /// Gives the variables the elements that they had in another session, of this plan or of one of the same program for
    /// other shapes.
    /// - Parameter state: what `saveVariables` saved; empty for what they are before the first run.
    package func setVariables(_ state: [UInt8]) {
        guard state.count == plan.compiled.variables.byteCount else { return resetVariables() }
        state.withUnsafeBytes {
            if let start = $0.baseAddress { variableMemory.address.copyMemory(from: start, byteCount: $0.count) }
        }
    }

    /// Copies the elements of all variables. Nothing is allocated if `state` held them before.
    package func saveVariables(_ state: inout [UInt8]) {
        let count = plan.compiled.variables.byteCount
        if state.count != count { state = [UInt8](repeating: 0, count: count) }
        state.withUnsafeMutableBytes {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: variableMemory.address, count: count))
        }
    }

    /// A copy of a variable's elements: as the last run left them, or as the next will find them. nil if there is none
    /// of this name.
    package func variable(named name: String) -> Tensor? {
        guard let variable = plan.compiled.variables.variables.first(where: { $0.name == name }) else { return nil }
        let source = UnsafeRawBufferPointer(
            start: variableMemory.address + variable.offset, count: variable.type.byteCount)
        return Tensor(variable.type.elementType, variable.type.shape) { $0.copyMemory(from: source) }
    }
}
