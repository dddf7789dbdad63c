#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The sums of float32 numbers depend on their order, so a row is added from its beginning to its end; four rows go side
    /// by side, because each addition waits for the one before.
    func softmaxOfIntegers(
        _ exponentials: UnsafePointer<Float>, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Int8>,
        _ result: UnsafeMutablePointer<Int8>, _ rows: Int, _ columns: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int8.self, capacity: 256) { buffer in
            guard let table = buffer.baseAddress else { return }
            let probabilities = ProbabilityScaling(exponentials, scale, output, table)
            // A number x has the exponential that stands x places after this one, less the row's largest number.
            let ascending = exponentials + (256 &+ 255)
            var row = 0
            while row < rows {
                let count = rows &- row < 4 ? rows &- row : 4
                // Rows that are not there repeat the first.
                let x0 = input + row &* columns
                let x1 = x0 + (count > 1 ? columns : 0)
                let x2 = x0 + (count > 2 ? 2 &* columns : 0)
                let x3 = x0 + (count > 3 ? 3 &* columns : 0)
                let (top0, top1, top2, top3) = (
                    largest(x0, columns), largest(x1, columns), largest(x2, columns), largest(x3, columns)
                )
                let (e0, e1, e2, e3) = (ascending - top0, ascending - top1, ascending - top2, ascending - top3)
                var (s0, s1, s2, s3) = (Float(0), Float(0), Float(0), Float(0))
                var index = 0
                while index < columns {
                    s0 += e0[Int(x0[index])]
                    s1 += e1[Int(x1[index])]
                    s2 += e2[Int(x2[index])]
                    s3 += e3[Int(x3[index])]
                    index &+= 1
                }
                let y = result + row &* columns
                probabilities.store(x0, top0, s0, y, columns)
                if count > 1 { probabilities.store(x1, top1, s1, y + columns, columns) }
                if count > 2 { probabilities.store(x2, top2, s2, y + 2 &* columns, columns) }
                if count > 3 { probabilities.store(x3, top3, s3, y + 3 &* columns, columns) }
                row &+= 4
            }
        }
    }

    @inline(__always)
    private func largest(_ row: UnsafePointer<Int8>, _ columns: Int) -> Int {
        var largest = Int8.min
        var index = 0
        while index < columns {
            largest = row[index] > largest ? row[index] : largest
            index &+= 1
        }
        return Int(largest)
    }

    /// Exponentials to probabilities, in units of `scale`.
    private struct ProbabilityScaling {
        private let exponentials: UnsafePointer<Float>
        private let scale: Float
        private let output: IntegerRange
        /// Room for the probability of each difference.
        private let table: UnsafeMutablePointer<Int8>

        @inline(__always)
        init(
            _ exponentials: UnsafePointer<Float>, _ scale: Float, _ output: IntegerRange,
            _ table: UnsafeMutablePointer<Int8>
        ) {
            self.exponentials = exponentials
            self.scale = scale
            self.output = output
            self.table = table
        }

        /// - Parameters:
        ///   - top: the row's largest number.
        ///   - sum: of its exponentials.
        @inline(__always)
        func store(
            _ row: UnsafePointer<Int8>, _ top: Int, _ sum: Float, _ result: UnsafeMutablePointer<Int8>, _ columns: Int
        ) {
            let inverse = 1 / (sum * scale)
            let high = Float(output.high &- output.zeroPoint)
            // The largest number below one half: ties, which are above, round up.
            let half = Float(0.5).nextDown
            let zero = Int8(truncatingIfNeeded: output.zeroPoint)
            if columns < 64 {
                var index = 0
                while index < columns {
                    result[index] = stored(exponentials[top &- Int(row[index])], inverse, high, half) &+ zero
                    index &+= 1
                }
                return
            }
            // Exponentials only become smaller: after 16 probabilities of 0 there are no others.
            var blocks = 0
            var rest: Int8 = 1
            while blocks < 16, rest != 0 {
                rest = 0
                let from = exponentials + blocks &* 16
                let to = table + blocks &* 16
                var index = 0
                while index < 16 {
                    let probability = stored(from[index], inverse, high, half)
                    to[index] = (probability &+ zero) ^ zero
                    rest |= probability
                    index &+= 1
                }
                blocks &+= 1
            }
            lookUpDescending(table, blocks, Int8(truncatingIfNeeded: top), zero, row, result, columns)
        }

        /// In units of the scale, half away from zero.
        @inline(__always)
        private func stored(_ exponential: Float, _ inverse: Float, _ high: Float, _ half: Float) -> Int8 {
            let probability = exponential * inverse
            let rounded = ((probability < high ? probability : high) + half).rounded(.towardZero)
            return Int8(truncatingIfNeeded: nearestInteger(rounded))
        }
    }

    func sumIntegers(
        _ input: UnsafePointer<Int8>, _ sums: UnsafeMutablePointer<Int32>, _ rows: Int, _ columns: Int, _ inner: Int
    ) {
        var row = 0
        while row < rows {
            let from = input + row &* columns &* inner
            let to = sums + row &* inner
            if inner == 1 {
                to.pointee = IntegerLanes.sum(from, columns)
            } else {
                addColumns(from, to, columns, inner)
            }
            row &+= 1
        }
    }

    @inline(__always)
    private func addColumns(
        _ input: UnsafePointer<Int8>, _ sums: UnsafeMutablePointer<Int32>, _ columns: Int, _ inner: Int
    ) {
        sums.update(repeating: 0, count: inner)
        var column = 0
        while column < columns {
            let row = input + column &* inner
            var index = 0
            while index < inner {
                sums[index] = sums[index] &+ Int32(row[index])
                index &+= 1
            }
            column &+= 1
        }
    }

    /// The kernels of quantized integers, except products.
    func integerKernels() -> IntegerKernels {
        IntegerKernels(
            pair: pairIntegers, look: lookUpIntegers, quantize: quantizeIntegers, dequantize: dequantizeIntegers,
            softmax: softmaxOfIntegers, sum: sumIntegers)
    }
#endif
