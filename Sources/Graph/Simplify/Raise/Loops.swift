import EmotionFormerCore

extension SimplifierPass {
    /// A loop over time whose body is one step of an LSTM or GRU with float weights, and nothing else → lstm, gru.
    static let raiseLoops = SimplifierPass("raiseLoops", at: .while) { rewriter, index, node throws(Fault) in
        guard let loop = CountedLoop(rewriter, node), let layer = LSTMCell(loop)?.layer ?? GRUCell(loop)?.layer,
            loop.isWhole(states: layer.states)
        else { return }
        try layer.write(to: &rewriter, at: index, loop)
    }
}

/// A loop with a known number of rounds, its variables classified by what the body does with them.
struct CountedLoop {
    let node: TypedGraph.Node
    let body: GraphRewriter
    let bodyInputs: [Int]
    let bodyOutputs: [Int]
    let tripCount: Int
    /// The position of a variable by its value of the body before the round.
    private let positions: [Int: Int]
    /// Positions of the variables that count rounds from 0, and of those that never change.
    private let counters: Set<Int>
    private let invariants: Set<Int>
    /// Constants of the body from which round i takes number i, which is i.
    private let places: Set<Int>
    /// Positions of tensors (T, …) into which round i writes row i, and the values written.
    private(set) var accumulators: [Int: Int] = [:]

    init?(_ rewriter: GraphRewriter, _ node: TypedGraph.Node) {
        // A loop that may end before its condition fails has another number of rounds.
        guard node.attributes["maximumTripCount"] == nil, let body = node.bodies["body"],
            let condition = node.bodies["condition"], body.outputs.count == node.inputs.count,
            body.inputs.count == node.inputs.count, condition.inputs.count == node.inputs.count,
            node.outputs.count == node.inputs.count
        else { return nil }
        self.node = node
        self.body = GraphRewriter(body)
        bodyInputs = body.inputs
        bodyOutputs = body.outputs
        var counters = Set<Int>()
        var invariants = Set<Int>()
        for position in node.inputs.indices {
            if bodyOutputs[position] == bodyInputs[position] { invariants.insert(position) }
            if self.body.shape(of: bodyInputs[position]).elementCount == 1,
                self.body.type(of: bodyInputs[position]).elementType.isInteger,
                let step = self.body.producing(bodyOutputs[position], .add), step.input(0) == bodyInputs[position],
                rewriter.constant(node.input(position))?.isAll(0) ?? false,
                self.body.constant(step.input(1))?.isAll(1) ?? false
            {
                counters.insert(position)
            }
        }
        let positions = Dictionary(zip(bodyInputs, bodyInputs.indices), uniquingKeysWith: { first, _ in first })
        self.positions = positions
        self.counters = counters
        self.invariants = invariants
        let known = { (position: Int) -> Int? in
            guard invariants.contains(position) else { return nil }
            return rewriter.constant(node.input(position)).flatMap { CountedLoop.number($0) }
        }
        guard let count = CountedLoop.limit(GraphRewriter(condition), condition, counters, known), count > 0 else {
            return nil
        }
        tripCount = count
        places = CountedLoop.provenPlaces(self.body, count: count, counters: Set(counters.map { body.inputs[$0] }))
        for position in node.inputs.indices {
            guard let written = write(to: position) else { continue }
            accumulators[position] = written
        }
    }

    /// Whether every variable has a known role: counter, invariant, accumulator, or one of `states`.
    func isWhole(states: [Int]) -> Bool {
        node.inputs.indices.allSatisfy {
            counters.contains($0) || invariants.contains($0) || accumulators[$0] != nil || states.contains($0)
                || isCopy($0, of: states)
        }
    }

    /// Whether a variable is only a reshape of the new value of one of `states`.
    func isCopy(_ position: Int, of states: [Int]) -> Bool {
        states.contains { body.beforeReshapes(bodyOutputs[position]) == bodyOutputs[$0] && $0 != position }
    }

    /// The position of the variable whose value before the round is this value of the body.
    func variable(_ value: Int) -> Int? { positions[value] }

    /// Whether a value of the body is the round's number; also if it was looked up in 0, 1, … n − 1, as places in a
    /// list are to refuse one outside.
    func isCounter(_ value: Int) -> Bool {
        let value = body.beforeReshapes(value)
        if let position = variable(value) { return counters.contains(position) }
        guard let gather = body.producing(value, .gather), let table = gather.input(0), let index = gather.input(1),
            // Of a vector only the axis 0 can be, and a scalar has no batch.
            body.shape(of: value).elementCount == 1, places.contains(table)
        else { return false }
        return variable(body.beforeReshapes(index)).map { counters.contains($0) } ?? false
    }

    /// The constants 0, 1, … n − 1 of at least `count` numbers in which a counter is looked up. Each is compared once,
    /// however many look-ups share it.
    private static func provenPlaces(_ body: GraphRewriter, count: Int, counters: Set<Int>) -> Set<Int> {
        var compared = Set<Int>()
        var result = Set<Int>()
        for index in body.indices(of: .gather) {
            guard let gather = body.nodes[index], let table = gather.input(0), let stored = body.constant(table),
                let place = gather.input(1), counters.contains(body.beforeReshapes(place)),
                stored.tensor.shape.rank == 1, stored.tensor.shape[0] >= count,
                compared.insert(table).inserted, stored.isRange
            else { continue }
            result.insert(table)
        }
        return result
    }

    /// The position of an invariant (T, …) of which this value of the body is row i in round i.
    func sequence(_ value: Int) -> Int? {
        guard let gather = body.producing(body.beforeReshapes(value), .gather), let whole = gather.input(0),
            let position = variable(whole), invariants.contains(position), let index = gather.input(1),
            isCounter(index), gather.attributes["axis"] == .integer(0),
            gather.attributes["batchDimensions"] == .integer(0), body.shape(of: whole)[0] == tripCount
        else { return nil }
        return position
    }

    /// The number of rounds after which a conjunction of comparisons of counters with numbers first fails; nil for any
    /// other condition.
    private static func limit(
        _ rewriter: GraphRewriter, _ condition: TypedGraph, _ counters: Set<Int>, _ known: (Int) -> Int?
    ) -> Int? {
        func limit(_ value: Int, depth: Int) -> Int? {
            guard depth < 8, let node = rewriter.producing(value), let first = node.input(0) else { return nil }
            switch node.operation {
            case .reshape, .identity: return limit(first, depth: depth + 1)
            case .logicalAnd:
                guard let second = node.input(1), let left = limit(first, depth: depth + 1),
                    let right = limit(second, depth: depth + 1)
                else { return nil }
                return min(left, right)
            case .less:
                guard let counter = condition.inputs.firstIndex(of: first), counters.contains(counter),
                    let second = node.input(1)
                else { return nil }
                if let stored = rewriter.constant(second) { return number(stored) }
                return condition.inputs.firstIndex(of: second).flatMap(known)
            default: return nil
            }
        }
        return condition.outputs.first.flatMap { limit($0, depth: 0) }
    }

    private static func number(_ stored: StoredTensor) -> Int? {
        guard stored.quantization == nil, stored.tensor.shape.elementCount == 1 else { return nil }
        return stored.tensor.integers?.first
    }

    /// The row that the body writes at the counter's place into a variable of T rows.
    private func write(to position: Int) -> Int? {
        let whole = body.shape(of: bodyInputs[position]).extents
        guard whole.first == tripCount, let update = body.producing(bodyOutputs[position], .updateSlice),
            update.input(0) == bodyInputs[position], let row = update.input(1),
            body.shape(of: row).extents == [1] + whole.dropFirst(),
            let begin = body.producing(update.input(2), .concatenate), begin.inputs.count == 2,
            let counter = begin.input(0), body.shape(of: counter).elementCount == 1, isCounter(counter),
            body.constant(begin.input(1))?.isAll(0) ?? false
        else { return nil }
        return body.beforeReshapes(row)
    }
}
