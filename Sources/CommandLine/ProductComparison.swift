import EmotionFormerEngine
import EmotionFormerKernels

/// The matrix products of a model, by the plan's kernels and by BLAS on the same shapes, one thread each.
struct ProductComparison {
    struct Row {
        let product: ProductShape
        /// How often the model has it.
        let uses: Int
        let milliseconds: Double
        let blasMilliseconds: Double
    }

    let rows: [Row]
    /// Of a whole prediction on one thread, measured in turn with the products.
    let predictionMilliseconds: Double

    /// Of all products of a prediction, by BLAS alone.
    var blasMilliseconds: Double { rows.map { $0.blasMilliseconds * Double($0.uses) }.reduce(0, +) }
    var productMilliseconds: Double { rows.map { $0.milliseconds * Double($0.uses) }.reduce(0, +) }
    var predictionAgainstBLAS: Double { predictionMilliseconds / blasMilliseconds }

    /// Takes turns for `seconds`: a prediction, then every product by either kernel.
    static func measure(_ subject: BenchmarkSubject, seconds: Double) throws -> ProductComparison {
        let single = try BenchmarkSubject(subject.model, frames: subject.frames, threads: 1, batch: 1)
        var uses: [ProductShape: Int] = [:]
        var order: [ProductShape] = []
        for product in single.plan.steps.flatMap(\.products) {
            if uses[product] == nil { order.append(product) }
            uses[product, default: 0] += 1
        }
        let own = order.map { ProductBench($0, .kernels(for: subject.plan.options.instructionSet)) }
        let blas = order.map { ProductBench($0, .kernels(for: .portable)) }
        for bench in own + blas { bench.run() }
        var samples: [[Double]] = order.map { _ in [] }
        var blasSamples = samples
        var predictions: [Double] = []
        let start = ContinuousClock.now
        repeat {
            predictions.append(try single.timedRun())
            for index in order.indices {
                samples[index].append(own[index].timedRun())
                blasSamples[index].append(blas[index].timedRun())
            }
        } while predictions.count < 5 || ContinuousClock.now - start < .seconds(seconds)
        return ProductComparison(
            rows: order.indices.map {
                Row(
                    product: order[$0], uses: uses[order[$0]] ?? 0, milliseconds: Quantiles(samples[$0]).median,
                    blasMilliseconds: Quantiles(blasSamples[$0]).median)
            }, predictionMilliseconds: Quantiles(predictions).median)
    }
}

/// One shape of product, by the packed kernel of a level (which is BLAS on the portable one).
private final class ProductBench {
    private let shape: ProductShape
    private let kernels: KernelSet
    private let a: UnsafeMutablePointer<Float>
    private let c: UnsafeMutablePointer<Float>
    private let packed: UnsafeMutableRawPointer

    init(_ shape: ProductShape, _ kernels: KernelSet) {
        self.shape = shape
        self.kernels = kernels
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
