#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Σ (x − mean)² of a row.
    @inline(__always)
    private func squaredDeviations(_ input: UnsafePointer<Float>, _ mean: Float, _ columns: Int) -> Float {
        let center = broadcast(mean)
        var total = broadcast(0)
        var second = total
        var index = 0
        // Two chains hide the latency of one.
        while index &+ 2 &* laneCount <= columns {
            let one = load(input + index) - center
            let other = load(input + (index &+ laneCount)) - center
            total = multiplyAdd(one, one, total)
            second = multiplyAdd(other, other, second)
            index &+= 2 &* laneCount
        }
        total = total + second
        while index &+ laneCount <= columns {
            let deviation = load(input + index) - center
            total = multiplyAdd(deviation, deviation, total)
            index &+= laneCount
        }
        var sum = sumOfLanes(total)
        while index < columns {
            let deviation = input[index] - mean
            sum += deviation * deviation
            index &+= 1
        }
        return sum
    }

    /// x·(factor·gamma) + (beta − mean·(factor·gamma)): the order, and the roundings, of the models' source frameworks.
    /// In dynamic-range models the last bit here can change which integer a value is rounded to in the next layer.
    @inline(__always)
    private func rescaleRow(
        _ values: UnsafePointer<Float>, _ mean: Float, _ factor: Float, _ call: borrowing RowNormalization,
        _ output: UnsafeMutablePointer<Float>
    ) {
        let center = broadcast(mean)
        let scale = broadcast(factor)
        let columns = call.columns
        if let gamma = call.gamma, let beta = call.beta {
            var index = 0
            while index &+ laneCount <= columns {
                let weight = scale * load(gamma + index)
                store(load(values + index) * weight + (load(beta + index) - center * weight), output + index)
                index &+= laneCount
            }
            let rest = columns &- index
            if rest > 0 {
                let weight = scale * load(gamma + index, first: rest)
                let shift = load(beta + index, first: rest) - center * weight
                store(load(values + index, first: rest) * weight + shift, output + index, first: rest)
            }
            return
        }
        mapVectors(values, output, columns) { ($0 - center) * scale }
        if let gamma = call.gamma { binary(.multiply, output, gamma, output, columns) }
        if let beta = call.beta { binary(.add, output, beta, output, columns) }
    }

    func layerNormalization(_ call: RowNormalization) {
        normalizeRows(call, centers: true)
    }

    func rootMeanSquareNormalization(_ call: RowNormalization) {
        normalizeRows(call, centers: false)
    }

    /// The number of rows processed together in each pass: the final reduction of a row's sum has a long latency, which
    /// the other rows hide.
    @inline(__always) private var rowsTogether: Int { 8 }

    @inline(__always)
    private func normalizeRows(_ call: RowNormalization, centers: Bool) {
        var first = 0
        while first < call.rows {
            let left = call.rows &- first
            normalizeGroup(call, first, left < rowsTogether ? left : rowsTogether, centers)
            first &+= rowsTogether
        }
    }

    /// Below this variance, squares have lost digits to underflow.
    @inline(__always) private var smallestVariance: Float { 1e-30 }

    /// A row's mean and 1/√(variance + ε) in double precision, for squares that underflow or overflow in float32.
    @inline(never)
    private func meanAndFactor(
        _ values: UnsafePointer<Float>, _ columns: Int, _ epsilon: Float, _ centers: Bool
    ) -> (mean: Float, factor: Float) {
        let count = Double(columns)
        var total = 0.0
        var index = 0
        while centers && index < columns {
            total += Double(values[index])
            index &+= 1
        }
        // Deviations from the mean that is subtracted from the row.
        let mean = Float(total / count)
        var squares = 0.0
        index = 0
        while index < columns {
            let deviation = Double(values[index]) - Double(mean)
            squares += deviation * deviation
            index &+= 1
        }
        return (mean, Float(1 / (squares / count + Double(epsilon)).squareRoot()))
    }

    @inline(__always)
    private func normalizeGroup(_ call: borrowing RowNormalization, _ first: Int, _ rows: Int, _ centers: Bool) {
        let count = Float(call.columns)
        var means = SIMD8<Float>()
        var factors = SIMD8<Float>()
        var row = 0
        while row < rows {
            let total = sum(preparedRow(call, first &+ row), call.columns)
            means[row] = centers ? total / count : 0
            row &+= 1
        }
        row = 0
        while row < rows {
            let sum = squaredDeviations(unscaledRow(call, first &+ row), means[row], call.columns)
            let variance = sum / count + call.epsilon
            if variance > smallestVariance && variance < .infinity {
                factors[row] = 1 / variance.squareRoot()
            } else {
                (means[row], factors[row]) = meanAndFactor(
                    unscaledRow(call, first &+ row), call.columns, call.epsilon, centers)
            }
            row &+= 1
        }
        row = 0
        while row < rows {
            let output = call.output + (first &+ row) &* call.outputStride
            rescaleRow(unscaledRow(call, first &+ row), means[row], factors[row], call, output)
            row &+= 1
        }
    }

    /// Adds a row's residual and stores the sum until its mean and variance are known.
    @inline(__always)
    private func preparedRow(_ call: borrowing RowNormalization, _ row: Int) -> UnsafePointer<Float> {
        let input = call.input + row &* call.inputStride
        guard let residual = call.residual else {
            return input
        }
        let output = call.output + row &* call.outputStride
        binary(.add, input, residual + row &* call.residualStride, output, call.columns)
        return UnsafePointer(output)
    }

    /// The place of a row with its residual added.
    @inline(__always)
    private func unscaledRow(_ call: borrowing RowNormalization, _ row: Int) -> UnsafePointer<Float> {
        if call.residual == nil { return call.input + row &* call.inputStride }
        return UnsafePointer(call.output + row &* call.outputStride)
    }
#endif
