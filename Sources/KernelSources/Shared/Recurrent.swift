#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
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

    /// A function's value as a quotient over/under. A product of several functions then needs one division; separate
    /// divisions would take half of a step's time.
    private struct Quotient {
        var over: Vector
        var under: Vector
    }

    /// e⁻ˣ for x ≥ 0, within 1e-6 of its value for x ≤ 16 and 1e-7 of 1 everywhere.
    @inline(__always)
    private func decay(_ x: Vector) -> Vector { powerOfTwo(x * broadcast(-1.442_695_04)) }

    /// 1/(1 + e⁻ˣ), and its complement to 1 with the same denominator.
    @inline(__always)
    private func logisticQuotient(_ x: Vector) -> (value: Quotient, rest: Vector) {
        let small = decay(magnitude(x))
        let zero = broadcast(0)
        let one = broadcast(1)
        return (
            Quotient(over: whereLess(x, zero, small, one), under: one + small), whereLess(x, zero, one, small)
        )
    }

    @inline(__always)
    private func tangentQuotient(_ x: Vector) -> Quotient {
        let near = hyperbolicTangentNearZero(x)
        let size = magnitude(x)
        let small = decay(size + size)
        let one = broadcast(1)
        let limit = broadcast(0.625)
        return Quotient(
            over: whereLess(size, limit, near, copySign(one - small, x)),
            under: whereLess(size, limit, one, one + small))
    }

    func lstmStep(_ step: LSTMStep) {
        let units = step.units
        let gates = step.scratch
        addProduct(step.hidden, step.recurrentWeights, step.inputGates, gates, units, 4 &* units)
        let clip = step.cellClip > 0 ? step.cellClip : .infinity
        forVectors(units) { offset, count in
            let input = logisticQuotient(part(gates + offset, count)).value
            let forget = logisticQuotient(part(gates + (units &+ offset), count)).value
            let candidate = tangentQuotient(part(gates + (2 &* units &+ offset), count))
            let output = logisticQuotient(part(gates + (3 &* units &+ offset), count)).value
            // σ(f)·c + σ(i)·tanh(g)
            let added = input.over * candidate.over
            let addedUnder = input.under * candidate.under
            let kept = forget.over * part(step.cell + offset, count)
            let sum = multiplyAdd(kept, addedUnder, added * forget.under) / (addedUnder * forget.under)
            let cell = clamped(sum, -clip, clip)
            put(cell, step.cell + offset, count)
            let shown = tangentQuotient(cell)
            put((output.over * shown.over) / (output.under * shown.under), step.hidden + offset, count)
        }
    }

    /// z·h + (1 − z)·tanh(candidate) with z = σ(update).
    @inline(__always)
    private func mixed(_ update: Vector, _ hidden: Vector, _ candidate: Vector) -> Vector {
        let (share, rest) = logisticQuotient(update)
        let new = tangentQuotient(candidate)
        return multiplyAdd(share.over * hidden, new.under, rest * new.over) / (share.under * new.under)
    }

    func gruStep(_ step: GRUStep) {
        let units = step.units
        let scratch = step.scratch
        if let candidateWeights = step.candidateWeights {
            addProduct(step.hidden, step.recurrentWeights, step.inputGates, scratch, units, 2 &* units)
            let reset = scratch + 2 &* units
            forVectors(units) { offset, count in
                let gate = logisticQuotient(part(scratch + (units &+ offset), count)).value
                put(gate.over * part(step.hidden + offset, count) / gate.under, reset + offset, count)
            }
            addProduct(reset, candidateWeights, step.inputGates + 2 &* units, scratch + 3 &* units, units, units)
            forVectors(units) { offset, count in
                let hidden = part(step.hidden + offset, count)
                put(
                    mixed(part(scratch + offset, count), hidden, part(scratch + (3 &* units &+ offset), count)),
                    step.hidden + offset, count)
            }
            return
        }
        addProduct(step.hidden, step.recurrentWeights, step.recurrentBias, scratch, units, 3 &* units)
        let inputs = step.inputGates
        forVectors(units) { offset, count in
            let update = part(inputs + offset, count) + part(scratch + offset, count)
            let second = units &+ offset
            let reset = logisticQuotient(part(inputs + second, count) + part(scratch + second, count)).value
            let third = 2 &* units &+ offset
            let candidate = part(inputs + third, count) + reset.over * part(scratch + third, count) / reset.under
            put(mixed(update, part(step.hidden + offset, count), candidate), step.hidden + offset, count)
        }
    }
#endif
