import EmotionFormerEngine
import EmotionFormerKernels

/// Every kernel that a prediction is made of, at the model's shapes, beside BLAS and the processor's peak; one thread.
struct BenchmarkKernels {
    /// Steps of a plan that do the same.
    struct Row {
        let label: String
        let uses: Int
        /// Of one use; what follows likewise.
        let milliseconds: Double
        let floatingPointOperations: Int
        /// Its matrix products alone, in float32 by BLAS; nil if it has none.
        let blasMilliseconds: Double?
        /// Its matrix products at the processor's peak; nil if it has none.
        let peakMilliseconds: Double?
    }

    let rows: [Row]
    /// Of a whole prediction on one thread, measured in turn with the kernels.
    let predictionMilliseconds: Double
    let peakGigaFLOPsPerSecond: Double

    /// Of all products of a prediction, by BLAS alone.
    var blasMilliseconds: Double { rows.map { ($0.blasMilliseconds ?? 0) * Double($0.uses) }.reduce(0, +) }
    var peakMilliseconds: Double { rows.map { ($0.peakMilliseconds ?? 0) * Double($0.uses) }.reduce(0, +) }
    var stepMilliseconds: Double { rows.map { $0.milliseconds * Double($0.uses) }.reduce(0, +) }
    var predictionAgainstBLAS: Double { predictionMilliseconds / blasMilliseconds }
    var predictionAgainstPeak: Double { predictionMilliseconds / peakMilliseconds }

    /// Takes turns for `seconds`: a prediction, every step of another one, every product by BLAS, the peak.
    static func measure(_ subject: BenchmarkSubject, seconds: Double) throws -> BenchmarkKernels {
        let single = try BenchmarkSubject(subject.model, frames: subject.frames, threads: 1, batch: 1)
        let steps = single.plan.steps
        let peak = BenchmarkPeak(single.plan.options.instructionSet, threads: 1)
        var blas: [ProductShape: (bench: BLASProduct, samples: [Double])] = [:]
        for product in steps.flatMap(\.products) where blas[product] == nil {
            let bench = BLASProduct(product)
            bench.run()
            blas[product] = (bench, [])
        }
        try single.runOnce()
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
            return Row(
                label: label, uses: indices.count, milliseconds: Quantiles(indices.flatMap { samples[$0] }).median,
                floatingPointOperations: operations,
                blasMilliseconds: products.isEmpty ? nil : products.map { blasMedians[$0] ?? .nan }.reduce(0, +),
                peakMilliseconds: products.isEmpty ? nil : Double(operations) * 1e-6 / rate)
        }
        return BenchmarkKernels(
            rows: rows, predictionMilliseconds: Quantiles(predictions).median, peakGigaFLOPsPerSecond: rate)
    }
}

/// One shape of product in float32, by BLAS: that is what the portable level's kernel calls.
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
