/// A function of int16 numbers by 513 samples and straight lines between them, as the builtin kernels have it.
///
/// Each sample is moved by half of the error in the middle of the line after it. `Number` is the type in which the samples
/// are computed.
struct InterpolatedTable<Number: BinaryFloatingPoint> {
    private let samples: [Int]

    /// - Parameters:
    ///   - inputZeroPoint: of the integers −32768 … 32767 that are looked up.
    ///   - outputScale: the results' zero point is 0.
    init(inputScale: Number, inputZeroPoint: Int = 0, outputScale: Number, function: (Number) -> Number) {
        let lowest = inputScale * Number(-32768 - inputZeroPoint)
        let highest = inputScale * Number(32767 - inputZeroPoint)
        let step = (highest - lowest) / 512
        let half = step / 2
        let factor = 65536 / (outputScale * 32767 - outputScale * -32768)
        func bounded(_ number: Number) -> Int {
            Int(number > -32768 ? (number < 32767 ? number : 32767) : -32768)
        }
        func rounded(_ number: Number) -> Number { number.rounded(.toNearestOrAwayFromZero) }
        var samples: [Int] = []
        for index in 0..<512 {
            let start = lowest + Number(index) * step
            let sample = rounded(function(start) * factor)
            let next = function(lowest + Number(index + 1) * step)
            let line = rounded((next * factor + sample) / 2)
            let middle = rounded(function(start + half) * factor)
            samples.append(bounded(sample - rounded((line - middle) / 2)))
        }
        samples.append(bounded(rounded(function(highest) * factor)))
        self.samples = samples
    }

    subscript(q: Int) -> Int {
        let index = 256 + q >> 7
        let start = samples[index]
        return start + ((samples[index + 1] - start) * (q & 127) + 64) >> 7
    }
}
