import EmotionFormerSystem

/// The sigmoid and hyperbolic tangent of int16 numbers: by gemmlowp's algorithm for some scales that are powers of 2, else by
/// straight lines between 256 samples.
struct IntegerSigmoid {
    private let scale: Float

    init(_ scale: Float) { self.scale = scale }

    /// sigmoid(i/24) in units of 2⁻¹⁶. Each sample lies above the function by half of what the lines beside it lie below,
    /// so that the error has both signs.
    private static let samples: [Int] = (0..<256).map { index in
        guard index < 255 else { return 65535 }
        let p = 1 / (1 + exp(-Double(index) / 24))
        let curvature = p * (1 - p) * (1 - 2 * p)
        return Int(((p - curvature / (16 * 24 * 24)) * 65536).rounded(.toNearestOrAwayFromZero))
    }

    /// The power of 2 from numbers with 3 integer bits to the input's scale, if it is one.
    private var shift: Int? {
        let logarithm = log2(Double(scale))
        let shift = 12 + Int(logarithm.rounded())
        return abs(logarithm - logarithm.rounded()) < 1e-3 ? shift : nil
    }

    private func outputs(_ output: (_ scaled: Int) -> Int) -> [Int32] {
        // To units of 1/(3 · 4096), with as many bits as fit.
        var factor = Double(scale) * 4096 * 3
        var places = 0
        while factor <= 32767 / 2, places <= 30 {
            places += 1
            factor *= 2
        }
        let multiplier = Int(min(factor, 0x1p40))
        return (-32768...32767).map { q in
            Int32(output((q * multiplier + (places > 0 ? 1 << (places - 1) : 0)) >> places))
        }
    }

    /// - Parameter bits: of the fraction between two samples.
    private func line(_ magnitude: Int, bits: Int, beyond: Int) -> Int {
        let index = magnitude >> bits
        guard index < 255 else { return beyond << bits }
        let samples = IntegerSigmoid.samples
        let fraction = magnitude & (1 << bits - 1)
        return samples[index] << bits + fraction * (samples[index + 1] - samples[index])
    }

    var sigmoid: [Int32] {
        if shift == 0 { return GateFunction.sigmoid.map { Int32($0) } }
        return outputs { x in
            let result = line(abs(x), bits: 9, beyond: 0x7FFF << 1)
            return (x >= 0 ? result + 512 : 1 << 25 - result + 511) >> 10
        }
    }

    var hyperbolicTangent: [Int32] {
        if let shift, (0...1).contains(shift) {
            let table = GateFunction.tangent(integerBits: 3)
            return (-32768...32767).map { Int32(table[FixedPoint.saturated16($0 << shift) + 32768]) }
        }
        return outputs { x in
            let result = line(abs(x), bits: 8, beyond: 0xFFFF)
            return (x >= 0 ? result - 1 << 23 + 1 << 7 : -result + 1 << 23 + 1 << 7 - 1) >> 8
        }
    }
}
