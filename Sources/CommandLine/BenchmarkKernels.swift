import EmotionFormerEngine
import EmotionFormerKernels

/// Times every kernel of a prediction at the model's shapes, on one thread, beside BLAS and the processor's peak.
struct BenchmarkKernels {
    /// Steps of a plan with the same kernel and shape.
    struct Row {
        let label: String
        let part: KernelPart
        let uses: Int
        /// The time of one step; the other values are for one step too.
        let milliseconds: Double
        let floatingPointOperations: Int
        /// The time of its matrix products in float32 by BLAS; nil if it has none.
        let blasMilliseconds: Double?
        /// The time of its matrix products at the processor's peak; nil if it has none.
        let peakMilliseconds: Double?
        /// The time of one step at each level of this machine; a level without a step of this name is missing.
        let levelMilliseconds: [InstructionSet: Double]
    }

    let rows: [Row]
    /// The levels that were measured, in ascending order.
    let levels: [InstructionSet]
    /// The time of a whole prediction on one thread, measured in turns with the kernels.
    let predictionMilliseconds: Double
    let peakGigaFLOPsPerSecond: Double

    /// The time of all matrix products of a prediction by BLAS.
    var blasMilliseconds: Double { rows.map { ($0.blasMilliseconds ?? 0) * Double($0.uses) }.reduce(0, +) }
    var peakMilliseconds: Double { rows.map { ($0.peakMilliseconds ?? 0) * Double($0.uses) }.reduce(0, +) }
    var stepMilliseconds: Double { rows.map { $0.milliseconds * Double($0.uses) }.reduce(0, +) }
    var predictionAgainstBLAS: Double { predictionMilliseconds / blasMilliseconds }
    var predictionAgainstPeak: Double { predictionMilliseconds / peakMilliseconds }

    /// The time of all kernels of a part at a level; nil if one of them was not measured, or there is none.
    func milliseconds(_ part: KernelPart, _ level: InstructionSet) -> Double? {
        let own = rows.filter { $0.part == part }
        var total = 0.0
        for row in own {
            guard let milliseconds = row.levelMilliseconds[level] else { return nil }
            total += milliseconds * Double(row.uses)
        }
        return own.isEmpty ? nil : total
    }

    /// The fastest level of a part.
    func fastest(_ part: KernelPart) -> InstructionSet? {
        var best: (level: InstructionSet, milliseconds: Double)?
        for level in levels {
            guard let found = milliseconds(part, level) else { continue }
            if let best, best.milliseconds <= found { continue }
            best = (level, found)
        }
        return best?.level
    }

    /// Measures in turns for `seconds`: a prediction, every step of another prediction, every matrix product by BLAS,
    /// the peak, and every step at the other levels.
    /// - Parameter others: the same model at other levels.
    static func measure(
        _ subject: BenchmarkSubject, others: [BenchmarkSubject], seconds: Double
    ) throws -> BenchmarkKernels {
        let single = BenchmarkSubject(
            subject.plan, name: subject.name, frames: subject.frames, threads: 1, batch: 1)
        let steps = single.plan.steps
        let peak = BenchmarkPeak(single.plan.options.instructionSet, threads: 1)
        var blas: [ProductShape: (bench: BLASProduct, samples: [Double])] = [:]
        for product in steps.flatMap(\.products) where blas[product] == nil {
            let bench = BLASProduct(product)
            bench.run()
            blas[product] = (bench, [])
        }
        try single.runOnce()
        for other in others { try other.runOnce() }
        var otherSamples: [[[Double]]] = others.map { $0.plan.steps.map { _ in [] } }
        var samples: [[Double]] = steps.map { _ in [] }
        var predictions: [Double] = []
        let start = ContinuousClock.now
        repeat {
            predictions.append(try single.timedRun())
            for (index, milliseconds) in single.timedSteps().enumerated() { samples[index].append(milliseconds) }
            for (product, entry) in blas {
                let milliseconds = entry.bench.timedRun()
                blas[product]?.samples.append(milliseconds)
            }
            for (place, other) in others.enumerated() {
                for (index, milliseconds) in other.timedSteps().enumerated() {
                    otherSamples[place][index].append(milliseconds)
                }
            }
            peak.sample(after: .infinity)
        } while predictions.count < 5 || ContinuousClock.now - start < .seconds(seconds)

        let rate = peak.gigaFLOPsPerSecond
        let blasMedians = blas.mapValues { Quantiles($0.samples).median }
        var members: [String: [Int]] = [:]
        var order: [String] = []
        for (index, step) in steps.enumerated() {
            if members[step.label] == nil { order.append(step.label) }
            members[step.label, default: []].append(index)
        }
        let rows = order.map { label in
            let indices = members[label] ?? []
            let products = steps[indices[0]].products
            let operations = products.map(\.floatingPointOperations).reduce(0, +)
            let milliseconds = Quantiles(indices.flatMap { samples[$0] }).median
            var levels = [single.plan.options.instructionSet: milliseconds]
            for (other, samples) in zip(others, otherSamples) {
                let same = other.plan.steps.indices.filter { other.plan.steps[$0].label == label }
                guard same.count == indices.count else { continue }
                levels[other.plan.options.instructionSet] = Quantiles(same.flatMap { samples[$0] }).median
            }
            return Row(
                label: label, part: steps[indices[0]].part, uses: indices.count, milliseconds: milliseconds,
                floatingPointOperations: operations,
                blasMilliseconds: products.isEmpty ? nil : products.map { blasMedians[$0] ?? .nan }.reduce(0, +),
                peakMilliseconds: products.isEmpty ? nil : Double(operations) * 1e-6 / rate,
                levelMilliseconds: levels)
        }
        return BenchmarkKernels(
            rows: rows, levels: ([single] + others).map(\.plan.options.instructionSet).sorted(),
            predictionMilliseconds: Quantiles(predictions).median, peakGigaFLOPsPerSecond: rate)
    }
}

/// A float32 matrix product of one shape by BLAS, which the portable kernels call.
private final class BLASProduct {
    private let shape: ProductShape
    private let kernels = KernelSet.kernels(for: .portable)
    private let a: UnsafeMutablePointer<Float>
    private let c: UnsafeMutablePointer<Float>
    private let packed: UnsafeMutableRawPointer

    init(_ shape: ProductShape) {
        self.shape = shape
        var generator = SplitMix(state: 11)
        func matrix(_ count: Int) -> UnsafeMutablePointer<Float> {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4 + 64, alignment: 64)
                .bindMemory(to: Float.self, capacity: count)
            for index in 0..<count { memory[index] = generator.next() }
            return memory
        }
        a = matrix(shape.m * shape.k)
        c = matrix(shape.m * shape.n)
        let b = matrix(shape.k * shape.n)
        defer { b.deallocate() }
        packed = .allocate(byteCount: kernels.packedMatrixByteCount(shape.k, shape.n), alignment: 64)
        kernels.packMatrix(b, shape.n, 1, shape.k, shape.n, packed)
    }

    deinit {
        a.deallocate()
        c.deallocate()
        packed.deallocate()
    }

    func run() {
        for _ in 0..<shape.count {
            kernels.matmul(
                PackedProduct(
                    a: a, aStride: shape.k, b: packed, c: c, cStride: shape.n, m: shape.m, k: shape.k, n: shape.n),
                0..<shape.m)
        }
    }

    func timedRun() -> Double {
        let start = ContinuousClock.now
        run()
        return (ContinuousClock.now - start).milliseconds
    }
}
