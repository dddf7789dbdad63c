#if EMOTIONFORMER_VECTOR_KERNELS
    import EmotionFormerKernelInterface

    /// Sums of `gates` and the product of the hidden row with packed weights, in `scratch`.
    @inline(__always)
    private func addProduct(
        _ hidden: UnsafePointer<Float>, _ weights: UnsafeRawPointer, _ gates: UnsafePointer<Float>?,
        _ scratch: UnsafeMutablePointer<Float>, _ k: Int, _ n: Int
    ) {
        let product = PackedProduct(
            a: hidden, aStride: k, b: weights, c: scratch, cStride: n, m: 1, k: k, n: n, epilogue: Epilogue(bias: gates)
        )
        matmul(product, 0..<1)
    }

    /// Calls `body` with an offset and the number of lanes left from there, vector by vector.
    @inline(__always)
    private func forVectors(_ count: Int, _ body: (Int, Int) -> Void) {
        var index = 0
        while index < count {
            body(index, count &- index)
            index &+= laneCount
        }
    }

    @inline(__always)
    private func part(_ address: UnsafePointer<Float>, _ count: Int) -> Vector {
        count >= laneCount ? load(address) : load(address, first: count)
    }

    @inline(__always)
    private func put(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
        if count >= laneCount { store(vector, address) } else { store(vector, address, first: count) }
    }

    func lstmStep(_ step: LSTMStep) {
        let units = step.units
        let gates = step.scratch
        addProduct(step.hidden, step.recurrentWeights, step.inputGates, gates, units, 4 &* units)
        let clip = step.cellClip > 0 ? step.cellClip : .infinity
        forVectors(units) { offset, count in
            let input = logistic(part(gates + offset, count))
            let forget = logistic(part(gates + (units &+ offset), count))
            let candidate = hyperbolicTangent(part(gates + (2 &* units &+ offset), count))
            let output = logistic(part(gates + (3 &* units &+ offset), count))
            let kept = forget * part(step.cell + offset, count)
            let cell = clamped(multiplyAdd(input, candidate, kept), -clip, clip)
            put(cell, step.cell + offset, count)
            put(output * hyperbolicTangent(cell), step.hidden + offset, count)
        }
    }

    func gruStep(_ step: GRUStep) {
        let units = step.units
        let scratch = step.scratch
        if let candidateWeights = step.candidateWeights {
            addProduct(step.hidden, step.recurrentWeights, step.inputGates, scratch, units, 2 &* units)
            let reset = scratch + 2 &* units
            forVectors(units) { offset, count in
                let gate = logistic(part(scratch + (units &+ offset), count))
                put(gate * part(step.hidden + offset, count), reset + offset, count)
            }
            addProduct(reset, candidateWeights, step.inputGates + 2 &* units, scratch + 3 &* units, units, units)
            forVectors(units) { offset, count in
                let update = logistic(part(scratch + offset, count))
                let candidate = hyperbolicTangent(part(scratch + (3 &* units &+ offset), count))
                let hidden = part(step.hidden + offset, count)
                put(multiplyAdd(update, hidden - candidate, candidate), step.hidden + offset, count)
            }
            return
        }
        addProduct(step.hidden, step.recurrentWeights, step.recurrentBias, scratch, units, 3 &* units)
        let inputs = step.inputGates
        forVectors(units) { offset, count in
            let update = logistic(part(inputs + offset, count) + part(scratch + offset, count))
            let second = units &+ offset
            let reset = logistic(part(inputs + second, count) + part(scratch + second, count))
            let third = 2 &* units &+ offset
            let candidate = hyperbolicTangent(
                multiplyAdd(reset, part(scratch + third, count), part(inputs + third, count)))
            let hidden = part(step.hidden + offset, count)
            put(multiplyAdd(update, hidden - candidate, candidate), step.hidden + offset, count)
        }
    }
#endif
