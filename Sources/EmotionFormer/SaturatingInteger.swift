extension FixedWidthInteger {
    /// The nearest integer that there is, towards zero; 0 for NaN. The standard conversion ends the process where the
    /// number does not fit, and numbers to be shown come from models and files.
    package init(saturating value: some BinaryFloatingPoint) {
        self = Self(saturating: Double(value))
    }

    private init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value <= Double(Self.min) {
            self = .min
        } else if value >= Double(Self.max) {
            // The largest Int is rounded up as a Double, which is none any more.
            self = .max
        } else {
            self = Self(value)
        }
    }
}
