import EmotionFormerCore
import EmotionFormerGraph

/// Files with an open batch have a dilated convolution between these two operators: the first distributes the positions
/// of some axes over the batch, the second collects them again. Both become paddings, reshapes and transpositions.
extension SubgraphImporter {
    /// The axes 1…M that are distributed, their blocks, and the padding or cropping of each.
    struct Blocks {
        var sizes: [Int]
        var before: [Int]
        var after: [Int]
        /// Extents of the operand from axis 1 on.
        var extents: [Int]
        var count: Int { sizes.count }
        /// Extents after the axes that are distributed.
        var rest: [Int] { Array(extents.dropFirst(count)) }
    }

    /// Operands: input, block sizes (M), paddings or crops (M, 2).
    func blocks(_ reader: OperatorReader) throws(Fault) -> Blocks {
        try reader.expect(inputs: 3...3)
        let sizes = try knownIntegers(reader, 1, "blocks")
        let margins = try knownIntegers(reader, 2, "margins")
        let content = reader.tensor(try reader.input(0))
        guard !sizes.isEmpty, margins.count == 2 * sizes.count, content.shape.count > sizes.count else {
            throw Fault(
                .shapeMismatch, at: "", "blocks and margins do not fit the operand",
                found: "\(sizes.count) blocks, \(margins.count) margins, shape \(content.shape)")
        }
        guard zip(content.signature, content.shape).dropFirst().allSatisfy({ $0 == $1 }) else {
            throw reader.unsupported("needs its extents at conversion, and they are open")
        }
        let limit = 1 << 20
        guard (sizes + margins).allSatisfy({ (0...limit).contains($0) }), !sizes.contains(0),
            content.shape.allSatisfy({ $0 <= limit })
        else {
            throw Fault(
                .invalidValue, at: "", "a block, margin or extent is out of range", expected: "at most \(limit)")
        }
        return Blocks(
            sizes: sizes, before: sizes.indices.map { margins[2 * $0] },
            after: sizes.indices.map { margins[2 * $0 + 1] },
            extents: Array(content.shape.dropFirst()))
    }

    /// (B, S…, R…) → (b·B, S/b…, R…)
    func dealOut(_ reader: OperatorReader, _ blocks: Blocks) throws(Fault) {
        let padded = (0..<blocks.count).map { blocks.before[$0] + blocks.extents[$0] + blocks.after[$0] }
        guard zip(padded, blocks.sizes).allSatisfy({ $0.isMultiple(of: $1) }) else {
            throw Fault(
                .shapeMismatch, at: "", "the padded extents are not multiples of the blocks", found: "\(padded)",
                expected: "multiples of \(blocks.sizes)")
        }
        // The zero of quantized numbers is their zero point.
        let zero = ConstantStore.valueQuantization(of: reader.tensor(reader.outputs[0]))?.zeroPoint ?? 0
        let margins = zip(blocks.before, blocks.after).flatMap { [$0, $1] }
        let paddings = [0, 0] + margins + [Int](repeating: 0, count: 2 * blocks.rest.count)
        let parts = zip(padded, blocks.sizes).flatMap { [$0 / $1, $1] }
        let permutation =
            blocks.sizes.indices.map { 2 * $0 + 2 } + [0] + blocks.sizes.indices.map { 2 * $0 + 1 }
            + blocks.rest.indices.map { 1 + 2 * blocks.count + $0 }
        try chain(
            reader,
            [
                (.pad, ["paddings": .integers(paddings), "value": .number(Double(zero))]),
                (.reshape, ["shape": .integers([-1] + parts + blocks.rest)]),
                (.transpose, ["permutation": .integers(permutation)]),
                (.reshape, ["shape": .integers([-1] + zip(padded, blocks.sizes).map { $0 / $1 } + blocks.rest)]),
            ])
    }

    /// (b·B, S…, R…) → (B, b·S…, R…), cropped.
    func collect(_ reader: OperatorReader, _ blocks: Blocks) throws(Fault) {
        let joined = (0..<blocks.count).map { blocks.extents[$0] * blocks.sizes[$0] }
        let kept = (0..<blocks.count).map { joined[$0] - blocks.before[$0] - blocks.after[$0] }
        guard kept.allSatisfy({ $0 >= 0 }) else {
            throw Fault(.shapeMismatch, at: "", "the crops are larger than the extents", found: "\(joined)")
        }
        let permutation =
            [blocks.count] + blocks.sizes.indices.flatMap { [blocks.count + 1 + $0, $0] }
            + blocks.rest.indices.map { 1 + 2 * blocks.count + $0 }
        let whole = [Int](repeating: -1, count: blocks.rest.count)
        try chain(
            reader,
            [
                (.reshape, ["shape": .integers(blocks.sizes + [-1] + blocks.extents)]),
                (.transpose, ["permutation": .integers(permutation)]),
                (.reshape, ["shape": .integers([-1] + joined + blocks.rest)]),
                (
                    .slice,
                    [
                        "begin": .integers([0] + blocks.before + whole.map { _ in 0 }),
                        "size": .integers([-1] + kept + whole),
                    ]
                ),
            ])
    }

    /// A chain of operations, of which the last gives the operator's result.
    private func chain(_ reader: OperatorReader, _ steps: [(Operation, Attributes)]) throws(Fault) {
        var operand = try value(try reader.input(0))
        for (position, (operation, attributes)) in steps.enumerated() {
            let isLast = position == steps.count - 1
            let result = isLast ? name(reader.outputs[0]) : intermediate(of: reader.outputs[0], operation.rawValue)
            emit(
                reader, operation, [operand], outputs: [result], attributes,
                step: isLast ? "" : "\(operation.rawValue)\(position)")
            operand = result
        }
    }
}
