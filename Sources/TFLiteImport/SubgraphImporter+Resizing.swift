import EmotionFormerCore
import EmotionFormerGraph

/// Operators on pictures that resize them, or move channels to positions and back, in operations that the package has.
extension SubgraphImporter {
    /// The two positions that a result's position lies between, and how far it is from the first, for each along an axis.
    private struct Interpolation {
        var first: [Int]
        var second: [Int]
        var distance: [Float]
    }

    /// How an operator places the picture's positions.
    private struct Placement {
        var alignsCorners: Bool
        var hasHalfPixels: Bool

        /// The distance between two positions of the result, in positions of the input.
        func scale(_ input: Int, _ result: Int) -> Float {
            let inner = alignsCorners && result > 1 ? 1 : 0
            return Float(input - inner) / Float(result - inner)
        }

        /// LiteRT's builtin kernels run it.
        func nearest(_ input: Int, _ result: Int) -> [Int] {
            let scale = scale(input, result)
            return (0..<result).map { position in
                let place = (Float(position) + (hasHalfPixels ? 0.5 : 0)) * scale
                let rounded = Int(place.rounded(alignsCorners ? .toNearestOrAwayFromZero : .down))
                return max(0, min(rounded, input - 1))
            }
        }

        /// XNNPACK runs it.
        func interpolation(_ input: Int, _ result: Int) -> Interpolation {
            let scale = scale(input, result)
            let offset = hasHalfPixels ? 0.5 * scale - 0.5 : 0
            var found = Interpolation(first: [], second: [], distance: [])
            for position in 0..<result {
                let place = min(max(Float(position) * scale + offset, 0), Float(input - 1))
                let first = Int(place)
                found.first.append(first)
                found.second.append(min(first + 1, input - 1))
                found.distance.append(place - Float(first))
            }
            return found
        }
    }

    /// The rows and columns of an operand of four axes and of the result.
    private func extents(_ reader: OperatorReader) throws(Fault) -> (input: [Int], result: [Int]) {
        try reader.expect(inputs: 2...2)
        let content = reader.tensor(try reader.input(0))
        guard content.shape.count == 4 else {
            throw Fault(.shapeMismatch, at: "", "a picture of four axes was expected", found: "\(content.shape)")
        }
        guard content.signature[1...2].allSatisfy({ $0 > 0 }) else {
            throw reader.unsupported(
                "resizes a picture whose extents are open, which is not supported: convert the model with fixed ones",
                found: "\(content.signature)")
        }
        let size = try knownIntegers(reader, 1, "size")
        let limit = 1 << 16
        guard size.count == 2, (size + content.shape[1...2]).allSatisfy({ (1...limit).contains($0) }) else {
            throw Fault(
                .invalidValue, at: "", "the extents are not two of a picture", found: "\(size)",
                expected: "two from 1 to \(limit)")
        }
        return (Array(content.shape[1...2]), size)
    }

    func resizeNearest(_ reader: OperatorReader) throws(Fault) {
        let options = try reader.options(74)
        let placement = Placement(alignsCorners: try options.flag(0), hasHalfPixels: try options.flag(1))
        let (input, result) = try extents(reader)
        var operand = try value(try reader.input(0))
        for axis in 0..<2 {
            let places = placement.nearest(input[axis], result[axis])
            let next = axis == 1 ? name(reader.outputs[0]) : intermediate(of: reader.outputs[0], "rows")
            try choose(reader, places, of: operand, axis: axis + 1, result: next, step: axis == 1 ? "" : "rows")
            operand = next
        }
    }

    /// float32 and 8-bit numbers; XNNPACK's weights of the latter have eleven bits.
    func resizeBilinear(_ reader: OperatorReader) throws(Fault) {
        let options = try reader.options(15)
        let placement = Placement(alignsCorners: try options.flag(2), hasHalfPixels: try options.flag(3))
        guard !(placement.alignsCorners && placement.hasHalfPixels) else {
            throw reader.unsupported("aligns corners and has half pixels, which LiteRT refuses, too")
        }
        let (input, result) = try extents(reader)
        let (source, target) = (reader.tensor(try reader.input(0)), reader.tensor(reader.outputs[0]))
        let isFloat = source.type.elementType == .float32
        guard isFloat || source.type.elementType == .int8 || source.type.elementType == .uint8 else {
            throw reader.unsupported(
                "interpolates numbers of a type that is not supported for it: convert the model with int8 numbers",
                found: source.type.name)
        }
        if !isFloat {
            guard areBytes([try reader.input(0), reader.outputs[0]], reader),
                try quantization(try reader.input(0), reader) == quantization(reader.outputs[0], reader)
            else {
                throw reader.unsupported(
                    "interpolates numbers without one scale, or changes it, which is not supported")
            }
        }
        var operand = try value(try reader.input(0))
        if !isFloat { operand = step(reader, .cast, [operand], "integers", ["to": .text(ElementType.int32.rawValue)]) }
        // Columns first, as XNNPACK computes the upper and the lower row before what lies between them.
        for axis in [1, 0] {
            let places = placement.interpolation(input[axis], result[axis])
            let what = axis == 1 ? "columns" : "rows"
            operand = try interpolate(reader, operand, places, axis: axis + 1, isFloat: isFloat, what)
        }
        guard !isFloat else { return try emit(reader, .identity, [operand]) }
        let half = try literal(Tensor(scalar: Int32(1 << 21)), reader, "half")
        let unit = try literal(Tensor(scalar: Int32(1 << 22)), reader, "unit")
        operand = step(reader, .add, [operand, half], "rounded")
        operand = step(reader, .floorDivide, [operand, unit], "scaled")
        guard let type = target.type.elementType else { throw reader.notImported() }
        try emit(reader, .cast, [operand], ["to": .text(type.rawValue)])
    }

    /// first + (second − first) · distance along an axis; of integers in units of 2⁻¹¹.
    private func interpolate(
        _ reader: OperatorReader, _ operand: String, _ places: Interpolation, axis: Int, isFloat: Bool, _ what: String
    ) throws(Fault) -> String {
        let first = intermediate(of: reader.outputs[0], "\(what)/first")
        let second = intermediate(of: reader.outputs[0], "\(what)/second")
        try choose(reader, places.first, of: operand, axis: axis, result: first, step: "\(what)_first")
        try choose(reader, places.second, of: operand, axis: axis, result: second, step: "\(what)_second")
        let shape = try Shape(axis == 1 ? [1, places.distance.count, 1, 1] : [1, 1, places.distance.count, 1])
        let difference = step(reader, .subtract, [second, first], "\(what)/difference")
        guard !isFloat else {
            let weights = try literal(Tensor(places.distance, shape: shape), reader, "\(what)_weights")
            let part = step(reader, .multiply, [difference, weights], "\(what)/part")
            return step(reader, .add, [first, part], "\(what)/sum")
        }
        let eleven = places.distance.map { Int32(($0 * 2048).rounded(.toNearestOrEven)) }
        let weights = try literal(Tensor(eleven, shape: shape), reader, "\(what)_weights")
        let unit = try literal(Tensor(scalar: Int32(2048)), reader, "\(what)_unit")
        let scaled = step(reader, .multiply, [first, unit], "\(what)/scaled")
        let part = step(reader, .multiply, [difference, weights], "\(what)/part")
        return step(reader, .add, [scaled, part], "\(what)/sum")
    }

    /// The elements at some positions along an axis.
    private func choose(
        _ reader: OperatorReader, _ places: [Int], of operand: String, axis: Int, result: String, step: String
    ) throws(Fault) {
        let indices = try literal(
            Tensor(places.map { Int32($0) }), reader, step.isEmpty ? "places" : "\(step)_places")
        emit(reader, .gather, [operand, indices], outputs: [result], ["axis": .integer(axis)], step: step)
    }

    /// Appends a node with a value of its own.
    private func step(
        _ reader: OperatorReader, _ operation: Operation, _ inputs: [String], _ what: String,
        _ attributes: Attributes = [:]
    ) -> String {
        let result = intermediate(of: reader.outputs[0], what)
        emit(reader, operation, inputs, outputs: [result], attributes, step: what)
        return result
    }

    /// (B, H, W, b·b·C) ↔ (B, b·H, b·W, C).
    func moveDepth(_ reader: OperatorReader, toSpace: Bool) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let block = try reader.options(toSpace ? 94 : 19).integer(0)
        let content = reader.tensor(try reader.input(0))
        guard content.shape.count == 4, content.signature.dropFirst().allSatisfy({ $0 > 0 }) else {
            throw reader.unsupported(
                "moves channels of a picture whose extents are open, which is not supported: convert the model with "
                    + "fixed ones", found: "\(content.signature)")
        }
        let (rows, columns, channels) = (content.shape[1], content.shape[2], content.shape[3])
        let fits =
            block > 0 && block <= 1 << 12
            && (toSpace
                ? channels.isMultiple(of: block * block)
                : rows.isMultiple(of: block) && columns.isMultiple(of: block))
        guard fits else {
            throw Fault(
                .shapeMismatch, at: "block_size", "the block does not fit the picture", found: "\(block)",
                expected: "a divisor of \(content.shape)")
        }
        let parted =
            toSpace
            ? [-1, rows, columns, block, block, channels / (block * block)]
            : [-1, rows / block, block, columns / block, block, channels]
        let joined =
            toSpace
            ? [-1, rows * block, columns * block, channels / (block * block)]
            : [-1, rows / block, columns / block, channels * block * block]
        var operand = try value(try reader.input(0))
        operand = step(reader, .reshape, [operand], "parted", ["shape": .integers(parted)])
        operand = step(reader, .transpose, [operand], "turned", ["permutation": .integers([0, 1, 3, 2, 4, 5])])
        try emit(reader, .reshape, [operand], ["shape": .integers(joined)])
    }

    /// √(the mean of x² in each window).
    func squarePooling(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        var (attributes, activation) = try poolingAttributes(reader)
        attributes["kind"] = .text("average")
        let square = step(reader, .square, [try value(try reader.input(0))], "square")
        let mean = step(reader, .pooling2D, [square], "mean", attributes)
        try emit(reader, .squareRoot, [mean], activation: try fusedActivation(activation))
    }

    /// The number of axes, which the file states.
    func rank(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let content = reader.tensor(try reader.input(0))
        // A file that states no shape has no axes here, as a single number has.
        guard !content.shape.isEmpty else {
            throw reader.unsupported(
                "counts the axes of a tensor whose shape the file does not state: convert the model with shapes",
                found: "\(content.shape)")
        }
        let rank = try literal(Tensor(scalar: Int32(content.shape.count)), reader, "rank")
        try emit(reader, .identity, [rank])
    }
}
