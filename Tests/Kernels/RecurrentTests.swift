import EmotionFormerKernels
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A few steps of LSTM and GRU against float64.
@Suite struct RecurrentTests {
    static let sizes = [1, 5, 16, 17, 33, 48]

    static func pack(_ kernels: KernelSet, _ matrix: Buffer<Float>, _ k: Int, _ n: Int) -> Buffer<UInt8> {
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(matrix.address, n, 1, k, n, packed.address)
        return packed
    }

    /// hidden · matrix
    static func product(_ hidden: [Double], _ matrix: Buffer<Float>, _ n: Int) -> [Double] {
        (0..<n).map { column in
            hidden.indices.reduce(0.0) { $0 + hidden[$1] * Double(matrix.address[$1 * n + column]) }
        }
    }

    @Test(arguments: InstructionSet.available, [Float(0), 0.25])
    func lstmEqualsFloat64(level: InstructionSet, cellClip: Float) {
        let kernels = KernelSet.kernels(for: level)
        for units in Self.sizes {
            let weights = Buffer(random: units * 4 * units, seed: 1)
            let packed = Self.pack(kernels, weights, units, 4 * units)
            let hidden = Buffer(random: units, seed: 2)
            let cell = Buffer(random: units, seed: 3)
            let scratch = Buffer(count: 4 * units)
            var expectedHidden = hidden.values.map(Double.init)
            var expectedCell = cell.values.map(Double.init)
            for step in 0..<4 {
                let gates = Buffer(random: 4 * units, seed: UInt64(10 + step))
                kernels.lstmStep(
                    LSTMStep(
                        inputGates: gates.address, recurrentWeights: packed.address, hidden: hidden.address,
                        cell: cell.address, units: units, cellClip: cellClip, scratch: scratch.address))
                let products = Self.product(expectedHidden, weights, 4 * units)
                let sums = products.indices.map { products[$0] + Double(gates.address[$0]) }
                for unit in 0..<units {
                    let input = Oracle.sigmoid(sums[unit])
                    let forget = Oracle.sigmoid(sums[units + unit])
                    var value = forget * expectedCell[unit] + input * tanh(sums[2 * units + unit])
                    if cellClip > 0 { value = min(max(value, -Double(cellClip)), Double(cellClip)) }
                    expectedCell[unit] = value
                    expectedHidden[unit] = Oracle.sigmoid(sums[3 * units + unit]) * tanh(value)
                }
                #expect(largestDifference(hidden.values, expectedHidden) < 3e-6, "\(level) \(units)")
                #expect(largestDifference(cell.values, expectedCell) < 3e-6, "\(level) \(units)")
            }
            #expect(hidden.isMarginUntouched && cell.isMarginUntouched && scratch.isMarginUntouched)
        }
    }

    @Test(arguments: InstructionSet.available, [false, true])
    func gruEqualsFloat64(level: InstructionSet, resetsAfter: Bool) {
        let kernels = KernelSet.kernels(for: level)
        for units in Self.sizes {
            let width = resetsAfter ? 3 * units : 2 * units
            let weights = Buffer(random: units * width, seed: 1)
            let candidateWeights = Buffer(random: units * units, seed: 4)
            let bias = Buffer(random: 3 * units, seed: 5)
            let packed = Self.pack(kernels, weights, units, width)
            let packedCandidate = Self.pack(kernels, candidateWeights, units, units)
            let hidden = Buffer(random: units, seed: 2)
            let scratch = Buffer(count: 4 * units)
            var expected = hidden.values.map(Double.init)
            for step in 0..<4 {
                let gates = Buffer(random: 3 * units, seed: UInt64(10 + step))
                kernels.gruStep(
                    GRUStep(
                        inputGates: gates.address, recurrentWeights: packed.address,
                        candidateWeights: resetsAfter ? nil : UnsafeRawPointer(packedCandidate.address),
                        recurrentBias: resetsAfter ? UnsafePointer(bias.address) : nil, hidden: hidden.address,
                        units: units, scratch: scratch.address))
                let inputs = gates.values.map(Double.init)
                let products = Self.product(expected, weights, width)
                func gate(_ index: Int) -> Double {
                    Oracle.sigmoid(inputs[index] + products[index] + (resetsAfter ? Double(bias.address[index]) : 0))
                }
                let update = (0..<units).map { gate($0) }
                let reset = (0..<units).map { gate(units + $0) }
                let candidates: [Double]
                if resetsAfter {
                    candidates = (0..<units).map {
                        let index = 2 * units + $0
                        return tanh(inputs[index] + reset[$0] * (products[index] + Double(bias.address[index])))
                    }
                } else {
                    let last = Self.product(zip(reset, expected).map { $0 * $1 }, candidateWeights, units)
                    candidates = (0..<units).map { tanh(inputs[2 * units + $0] + last[$0]) }
                }
                for unit in 0..<units {
                    expected[unit] = update[unit] * expected[unit] + (1 - update[unit]) * candidates[unit]
                }
                #expect(largestDifference(hidden.values, expected) < 3e-6, "\(level) \(units)")
            }
            #expect(hidden.isMarginUntouched && scratch.isMarginUntouched)
        }
    }
}
