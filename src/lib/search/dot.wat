;; The source of the bytes in dot-simd.ts. Memory: the question's int16 levels at 0, a float32 per
;; row at $out, the rows' int8 data at $data, all at multiples of 16; $stride is one too.
(module
  (memory (export "memory") 18)
  (func (export "dot") (param $rows i32) (param $stride i32) (param $data i32) (param $out i32)
    (local $i i32)
    (local $sum v128)
    (local $level v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $i (i32.const 0))
        (loop $step
          (local.set $level (v128.load (local.get $data)))
          (local.set $sum
            (i32x4.add
              (i32x4.add
                (local.get $sum)
                (i32x4.dot_i16x8_s
                  (i16x8.extend_low_i8x16_s (local.get $level))
                  (v128.load (i32.shl (local.get $i) (i32.const 1)))))
              (i32x4.dot_i16x8_s
                (i16x8.extend_high_i8x16_s (local.get $level))
                (v128.load offset=16 (i32.shl (local.get $i) (i32.const 1))))))
          (local.set $data (i32.add (local.get $data) (i32.const 16)))
          (br_if $step
            (i32.lt_u
              (local.tee $i (i32.add (local.get $i) (i32.const 16)))
              (local.get $stride))))
        (local.set $sum (f32x4.convert_i32x4_s (local.get $sum)))
        (f32.store (local.get $out)
          (f32.add
            (f32.add
              (f32x4.extract_lane 0 (local.get $sum))
              (f32x4.extract_lane 1 (local.get $sum)))
            (f32.add
              (f32x4.extract_lane 2 (local.get $sum))
              (f32x4.extract_lane 3 (local.get $sum)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row)))))
