import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerSystem

extension StepBuilder {
    /// The loop's variables are stored in the outputs; its graphs run in this thread's scratch.
    mutating func appendLoop(_ node: TypedGraph.Node) throws(Fault) {
        guard let condition = node.bodies["condition"], let body = node.bodies["body"] else {
            throw unsupported(node, "a loop without its graphs")
        }
        let operands = node.inputs.compactMap(\.self)
        guard operands.count == condition.inputs.count, operands.count == body.inputs.count,
            operands.count == body.outputs.count, operands.count >= node.outputs.count, condition.outputs.count == 1
        else { throw unsupported(node, "a loop whose graphs take other variables") }
        var variables = node.outputs
        for operand in operands.dropFirst(variables.count) {
            variables.append(addValue(named: "\(node.name)/variable\(variables.count)", type(operand)))
        }
        let nested = [try nestedGraph(condition, of: node), try nestedGraph(body, of: node)]
        let limit: Int
        if let value = node.attributes["maximumTripCount"], case .integer(let count) = value {
            limit = max(count, 0)
        } else {
            limit = .max
        }
        // Variables that a body passes on unchanged stay in place in all rounds.
        let isFixed = zip(body.inputs, body.outputs).map { $0 == $1 }
        let counts = operands.map { type($0).byteCount }
        let used = Set(condition.nodes.flatMap { $0.inputs.compactMap(\.self) } + condition.outputs)
        let isTested = condition.inputs.map { used.contains($0) }
        let offset = nested[0].memoryByteCount
        let places = variables
        // Variables are copied in and out.
        let operations = counts.reduce(Work.sum(nested[0].compiled.operations, nested[1].compiled.operations)) {
            Work.sum($0, $1)
        }
        var draft = StepDraft(
            name: node.name, label: "while \(body.nodes.count) nodes", reads: operands, writes: variables
        ) { layout in
            let variables = places.map { layout.destination($0) }
            let operands = operands.map { layout.operand($0) }
            func copies(_ destinations: [Destination], where isIncluded: (Int) -> Bool) -> [NestedCopy] {
                variables.indices.filter(isIncluded).map {
                    NestedCopy(outer: variables[$0], inner: .input(destinations[$0]), byteCount: counts[$0])
                }
            }
            let loop = LoopRun(
                condition: nested[0], body: nested[1], bodyOffset: offset, limit: limit, operations: operations,
                start: variables.indices.map { (operands[$0], variables[$0], counts[$0]) },
                fixedToCondition: copies(nested[0].compiled.inputs) { isTested[$0] && isFixed[$0] },
                movingToCondition: copies(nested[0].compiled.inputs) { isTested[$0] && !isFixed[$0] },
                fixedToBody: copies(nested[1].compiled.inputs) { isFixed[$0] },
                movingToBody: copies(nested[1].compiled.inputs) { !isFixed[$0] },
                fromBody: variables.indices.filter { !isFixed[$0] }.map {
                    NestedCopy(
                        outer: variables[$0], inner: .output(nested[1].compiled.outputs[$0]), byteCount: counts[$0])
                })
            return { execution, _ in loop.run(execution) }
        }
        draft.scratchByteCount = nested[0].memoryByteCount + nested[1].memoryByteCount
        append(draft)
    }

    mutating func appendBranch(_ node: TypedGraph.Node) throws(Fault) {
        guard let first = node.bodies["then"], let second = node.bodies["else"] else {
            throw unsupported(node, "a branch without its graphs")
        }
        let condition = try operand(node, 0)
        let operands = node.inputs.dropFirst().compactMap(\.self)
        let outputs = node.outputs
        for body in [first, second] {
            guard body.inputs.count == operands.count, body.outputs.count >= outputs.count else {
                throw unsupported(node, "a branch whose graphs take other operands")
            }
        }
        let nested = [try nestedGraph(first, of: node), try nestedGraph(second, of: node)]
        let inputCounts = operands.map { type($0).byteCount }
        let outputCounts = outputs.map { type($0).byteCount }
        var draft = StepDraft(
            name: node.name, label: "if", reads: [condition] + operands, writes: outputs
        ) { layout in
            let condition = layout.operand(condition)
            let operands = operands.map { layout.operand($0) }
            let outputs = outputs.map { layout.destination($0) }
            return { execution, _ in
                let isTrue = condition.elements(execution, as: UInt8.self)[0] != 0
                let branch = isTrue ? nested[0] : nested[1]
                let inner = branch.execution(in: execution, at: 0)
                for index in operands.indices {
                    memcpy(
                        branch.compiled.inputs[index].bytes(inner), operands[index].bytes(execution),
                        inputCounts[index])
                }
                branch.compiled.run(inner)
                for index in outputs.indices {
                    memcpy(
                        outputs[index].bytes(execution), branch.compiled.outputs[index].bytes(inner),
                        outputCounts[index])
                }
            }
        }
        draft.scratchByteCount = max(nested[0].memoryByteCount, nested[1].memoryByteCount)
        draft.otherOperations = max(nested[0].compiled.operations, nested[1].compiled.operations)
        append(draft)
    }

    private func nestedGraph(_ graph: TypedGraph, of node: TypedGraph.Node) throws(Fault) -> NestedGraph {
        do throws(Fault) {
            return NestedGraph(
                compiled: try CompiledGraph(
                    graph, kernels: kernels, fuses: false, keepsEveryValue: false, limits: limits))
        } catch {
            throw error.within("\(node.place): graph '\(graph.name)'")
        }
    }
}

/// The body of a loop or branch, with memory inside the scratch of the step that runs it.
private struct NestedGraph: Sendable {
    let compiled: CompiledGraph

    private var arenaByteCount: Int { (compiled.arenaByteCount + 127) / 64 * 64 }
    /// A multiple of 64.
    var memoryByteCount: Int { arenaByteCount + compiled.scratchByteCount }

    func execution(in outer: Execution, at offset: Int) -> Execution {
        let start = outer.scratch + offset
        return outer.nested(arena: start, scratch: start + arenaByteCount)
    }
}

/// A loop's variable, and its address in one of the loop's graphs.
private struct NestedCopy: Sendable {
    enum Inner: Sendable {
        case input(Destination)
        case output(Operand)
    }

    let outer: Destination
    let inner: Inner
    let byteCount: Int

    func run(_ outerExecution: Execution, _ innerExecution: Execution) {
        switch inner {
        case .input(let destination):
            memcpy(destination.bytes(innerExecution), outer.bytes(outerExecution), byteCount)
        case .output(let operand):
            memcpy(outer.bytes(outerExecution), operand.bytes(innerExecution), byteCount)
        }
    }
}

private struct LoopRun: Sendable {
    let condition: NestedGraph
    let body: NestedGraph
    let bodyOffset: Int
    let limit: Int
    /// Elementary operations of one round, without the rounds of nested loops.
    let operations: Int
    let start: [(Operand, Destination, Int)]
    let fixedToCondition: [NestedCopy]
    let movingToCondition: [NestedCopy]
    let fixedToBody: [NestedCopy]
    let movingToBody: [NestedCopy]
    let fromBody: [NestedCopy]

    func run(_ execution: Execution) {
        for (operand, variable, count) in start {
            memcpy(variable.bytes(execution), operand.bytes(execution), count)
        }
        let test = condition.execution(in: execution, at: 0)
        let turn = body.execution(in: execution, at: bodyOffset)
        for copy in fixedToCondition { copy.run(execution, test) }
        for copy in fixedToBody { copy.run(execution, turn) }
        var iteration = 0
        while iteration < limit {
            // Counted before each round, so that even an empty loop is limited.
            guard execution.operations.pointee >= operations else {
                execution.report(.tooManyOperations)
                return
            }
            execution.operations.pointee &-= operations
            for copy in movingToCondition { copy.run(execution, test) }
            condition.compiled.run(test)
            guard condition.compiled.outputs[0].bytes(test).load(as: UInt8.self) != 0 else { return }
            for copy in movingToBody { copy.run(execution, turn) }
            body.compiled.run(turn)
            for copy in fromBody { copy.run(execution, turn) }
            if execution.fault.fault != nil { return }
            iteration &+= 1
        }
    }
}
