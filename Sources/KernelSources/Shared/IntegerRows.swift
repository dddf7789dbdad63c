#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The sums of float32 numbers depend on their order, so a row is added from its beginning to its end; eight rows go side
    /// by side, because each addition waits for the one before.
    func softmaxOfIntegers(
        _ exponentials: UnsafePointer<Float>, _ scale: Float, _ output: IntegerRange, _ input: UnsafePointer<Int8>,
        _ result: UnsafeMutablePointer<Int8>, _ rows: Int, _ columns: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int8.self, capacity: 256) { buffer in
            guard let table = buffer.baseAddress else { return }
            let probabilities = ProbabilityScaling(exponentials, scale, output, table)
            var row = 0
            while row < rows {
                let count = rows &- row < 8 ? rows &- row : 8
                let x = input + row &* columns
                // Rows that are not there repeat the first.
                @inline(__always) func begin(_ index: Int) -> ExponentialRow {
                    ExponentialRow(x + (index < count ? index &* columns : 0), columns)
                }
                var (r0, r1, r2, r3) = (begin(0), begin(1), begin(2), begin(3))
                var (r4, r5, r6, r7) = (begin(4), begin(5), begin(6), begin(7))
                var column = 0
                while column &+ 8 <= columns {
                    var (d0, d1, d2, d3) = (r0.eight(column), r1.eight(column), r2.eight(column), r3.eight(column))
                    var (d4, d5, d6, d7) = (r4.eight(column), r5.eight(column), r6.eight(column), r7.eight(column))
                    var step = 0
                    while step < 8 {
                        r0.add(&d0, exponentials)
                        r1.add(&d1, exponentials)
                        r2.add(&d2, exponentials)
                        r3.add(&d3, exponentials)
                        r4.add(&d4, exponentials)
                        r5.add(&d5, exponentials)
                        r6.add(&d6, exponentials)
                        r7.add(&d7, exponentials)
                        step &+= 1
                    }
                    column &+= 8
                }
                let y = result + row &* columns
                @inline(__always) func end(_ index: Int, _ row: ExponentialRow) {
                    guard index < count else { return }
                    let sum = row.sum(from: column, columns, exponentials)
                    probabilities.store(row.numbers, row.top, sum, y + index &* columns, columns)
                }
                end(0, r0)
                end(1, r1)
                end(2, r2)
                end(3, r3)
                end(4, r4)
                end(5, r5)
                end(6, r6)
                end(7, r7)
                row &+= 8
            }
        }
    }

    /// A row, and the sum of the first of its exponentials.
    private struct ExponentialRow {
        let numbers: UnsafePointer<Int8>
        /// The row's largest number.
        let top: Int
        private var sum: Float = 0

        @inline(__always)
        init(_ numbers: UnsafePointer<Int8>, _ columns: Int) {
            self.numbers = numbers
            top = Int(IntegerLanes.largest(numbers, columns))
        }

        /// The differences of eight numbers to the largest, each a byte: none is below 0, so the bytes are subtracted together.
        @inline(__always)
        func eight(_ column: Int) -> UInt64 {
            let bytes = UnsafeRawPointer(numbers + column).loadUnaligned(as: UInt64.self)
            let biased = UInt64(littleEndian: bytes) ^ 0x8080_8080_8080_8080
            let tops = UInt64(truncatingIfNeeded: top &+ 128) &* 0x0101_0101_0101_0101
            return tops &- biased
        }

        /// Adds the exponential of the lowest byte, and takes this away.
        @inline(__always)
        mutating func add(_ differences: inout UInt64, _ exponentials: UnsafePointer<Float>) {
            sum = IntegerLanes.addNext(sum, exponentials, &differences)
        }

        /// With the exponentials of the last numbers.
        @inline(__always)
        func sum(from first: Int, _ columns: Int, _ exponentials: UnsafePointer<Float>) -> Float {
            var sum = sum
            var column = first
            while column < columns {
                sum += exponentials[top &- Int(numbers[column])]
                column &+= 1
            }
            return sum
        }
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
            // Exponentials only become smaller: after a probability of 0 there are no others.
            let (zeros, halves) = (SIMD16(repeating: zero), SIMD8(repeating: half))
            let (inverses, highs) = (SIMD8(repeating: inverse), SIMD8(repeating: high))
            @inline(__always) func eight(_ from: UnsafePointer<Float>) -> SIMD8<Int32> {
                let exponentials = UnsafeRawPointer(from).loadUnaligned(as: SIMD8<Float>.self)
                return IntegerLanes.truncated(IntegerLanes.smaller(exponentials * inverses, highs) + halves)
            }
            var blocks = 0
            repeat {
                let from = exponentials + blocks &* 16
                let to = table + blocks &* 16
                IntegerLanes.store(
                    eight(from), eight(from + 8), eight(from + 16), eight(from + 24), output, to)
                UnsafeMutableRawPointer(to).storeBytes(of: lanes(to) ^ zeros, as: SIMD16<Int8>.self)
                UnsafeMutableRawPointer(to + 16).storeBytes(of: lanes(to + 16) ^ zeros, as: SIMD16<Int8>.self)
                blocks &+= 2
            } while blocks < 16 && exponentials[blocks &* 16] * inverse + half >= 1
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
