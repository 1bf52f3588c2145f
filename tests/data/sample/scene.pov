// Joint Filter: learned joint image filtering
// SPDX-License-Identifier: CC0-1.0
//
// scene: a still life on a table, seen by room light or by flash
//
// Lengths are centimetres: the table top is y = 0, the wall stands behind it.
// Declare=Flash=0 renders the lamp of the room, Declare=Flash=1 the flash alone, Declare=Depth=1 how far things are.
#version 3.7;

#ifndef (Flash)
  #ifndef (Depth)
    #error "say Declare=Flash=0, Declare=Flash=1 or Declare=Depth=1"
  #end
#end

#default { finish { ambient 1 diffuse 0.75 } }


//  light

#ifdef (Depth)

// Nothing but white fog before black things: its density tells the distance along the ray.
global_settings { assumed_gamma 1.0 ambient_light 0 max_trace_level 1 }
fog { fog_type 1 distance 200 colour rgb 1 }

#else
#if (Flash)

global_settings { assumed_gamma 1.0 max_trace_level 6
                  ambient_light rgb <0.010, 0.011, 0.012> }

// A small lamp right above the camera: hard shadows, fading with distance.
light_source {
  <16, 82, -114>, rgb <0.95, 1.00, 1.08> * 1.3
  fade_distance 110 fade_power 2
}

#else

global_settings { assumed_gamma 1.0 max_trace_level 6
                  ambient_light rgb <0.075, 0.060, 0.046> }

// A shaded lamp out of the picture on the left.
light_source {
  <-84, 78, -46>, rgb <1.00, 0.76, 0.51> * 1.75
  area_light x * 20, y * 20, 11, 11 circular orient adaptive 1
  area_illumination on
  fade_distance 80 fade_power 2
}

// What the other walls throw back.
light_source {
  <120, 120, -90>, rgb <1.00, 0.84, 0.66> * 0.16
  area_light x * 110, y * 110, 7, 7 circular orient adaptive 1
  area_illumination on
}

#end
#end

camera {
  location <0, 56, -118>
  right x * 1.5
  up y
  look_at <0, 16.0, 0>
  angle 41
}


//  patterns

#declare Cloud  = function { pattern { bozo } }
#declare Frac   = function (a) { a - floor (a) }
#declare Even   = function (a) { abs (mod (floor (a) + 10000, 2)) }
#declare Smooth = function (a, e) { min (1, max (0, 0.5 + a / e)) }

// Plain weave in the x-z plane, one thread per unit: which thread lies on top,
// and how high it bulges there.
#declare Weft  = function { Even (floor (x) + floor (z)) }
#declare Cell  = function (a, b) { sin (pi * Frac (a)) * (0.35 + 0.65 * sin (pi * Frac (b))) }
#declare Weave = function { select (Weft (x, y, z) - 0.5, Cell (x, z), Cell (z, x)) }

// From shade in the gaps to the plain colour on top of the threads.
#macro Threads (Warp_pigment, Weft_pigment)
  function { Weave (x, y, z) }
  pigment_map {
    [0.05 rgb <0.030, 0.025, 0.020>]
    [0.55 function { Weft (x, y, z) }
          pigment_map { [0.5 Warp_pigment] [0.5 Weft_pigment] }]
  }
#end

#macro Wood_texture (Light, Dark, Seed_offset)
  texture {
    pigment {
      wood turbulence 0.09 octaves 4
      color_map { [0.0 Light] [0.55 Light * 0.6 + Dark * 0.4] [0.85 Dark] [1.0 Light] }
      scale <1.15, 1.15, 22>
      rotate <3, 88, 0>
      translate Seed_offset
    }
    normal { bozo 0.25 scale <4, 0.10, 0.13> translate Seed_offset }
    finish { specular 0.22 roughness 0.02 reflection { 0.0, 0.06 } }
  }
  texture {
    pigment {
      bozo scale <3.2, 0.10, 0.13> translate Seed_offset
      color_map {
        [0.32 rgbt <Dark.red * 0.3, Dark.green * 0.25, Dark.blue * 0.2, 0.25>]
        [0.46 rgbt <1, 1, 1, 1>]
      }
    }
    finish { ambient 0 diffuse 0.6 }
  }
#end


//  room

#declare Plaster_dents = function { pattern { granite scale 7 } }

plane {
  -z, -58
  texture {
    pigment {
      bozo turbulence 0.7 scale 9
      color_map {
        [0.20 rgb <0.44, 0.47, 0.43>]
        [0.55 rgb <0.54, 0.56, 0.50>]
        [0.85 rgb <0.62, 0.62, 0.55>]
      }
    }
    normal {
      average
      normal_map {
        [1.0 granite 0.45 scale 5]
        [0.8 wrinkles 0.7 scale 1.6]
        [0.8 bozo 1.6 scale <6, 1.4, 3> rotate z * 28]
      }
    }
    finish { diffuse 0.72 }
  }
}

#declare Plank_random = seed (11);
#declare Plank = -36;
#while (Plank < 46)
  #declare Board_width = 11 + 3 * rand (Plank_random);
  #declare Tone = 0.8 + 0.35 * rand (Plank_random);
  box {
    <-90, -3, Plank>, <90, 0, Plank + Board_width - 0.18>
    Wood_texture (rgb <0.40, 0.235, 0.120> * Tone, rgb <0.185, 0.090, 0.038> * Tone,
                  <60 * rand (Plank_random), 5 * rand (Plank_random), Plank + 8 * rand (Plank_random)>)
  }
  #declare Plank = Plank + Board_width;
#end
box { <-90, -4, -36>, <90, -0.6, Plank - 0.2> pigment { rgb <0.05, 0.03, 0.02> } }


//  runner: a coarse woven cloth across the table, with fringes

#declare Stripe = function (a) {
  max (Smooth (0.16 - abs (Frac (a / 13) - 0.5), 0.01),
       Smooth (0.022 - abs (abs (Frac (a / 13) - 0.5) - 0.24), 0.01))
}

#declare Runner_texture =
texture {
  pigment {
    Threads (
      pigment { function { Stripe (x) }
                color_map { [0 rgb <0.60, 0.54, 0.42>] [1 rgb <0.38, 0.07, 0.06>] } },
      pigment { function { Stripe (z + 4) }
                color_map { [0 rgb <0.66, 0.60, 0.47>] [1 rgb <0.10, 0.15, 0.27>] } })
    scale 0.52
  }
  normal { function { Weave (x, y, z) } 0.9 scale 0.52 }
  finish { diffuse 0.8 }
}

#declare Ripple = function { 0.55 * Cloud (x / 9, 0, z / 14) + 0.2 * Cloud (x / 4, 3, z / 5) }

#declare Fringe_random = seed (5);
union {
  height_field {
    function 300, 300 { Ripple (60 * x, 0, 34 * y) }
    smooth
    translate <-0.5, 0, -0.5>
    scale <60, 1.1, 34>
    texture { Runner_texture }
  }
  #declare Tuft = -17;
  #while (Tuft < 17)
    #declare Bend = 0.8 * (rand (Fringe_random) - 0.5);
    #declare Long = 1.9 + 0.8 * rand (Fringe_random);
    #declare End_side = -1;
    #while (End_side < 2)
      cylinder { <End_side * 30, 0.45, Tuft>, <End_side * (30 + Long * 0.5), 0.3, Tuft + Bend * 0.4>, 0.11 }
      cylinder { <End_side * (30 + Long * 0.5), 0.3, Tuft + Bend * 0.4>, <End_side * (30 + Long), 0.12, Tuft + Bend>, 0.10 }
      #declare End_side = End_side + 2;
    #end
    #declare Tuft = Tuft + 0.42;
  #end
  texture { pigment { rgb <0.60, 0.54, 0.42> } }
  rotate y * -7
  translate <4, 0, -6>
}


//  vase: glazed porcelain painted in cobalt blue

#declare Round_tile = function (u, v, n, s) { sqrt (pow ((Frac (u * n) - 0.5) * s, 2) + pow (v, 2)) }
#declare Tile_angle = function (u, v, n, s) { atan2 (v, (Frac (u * n) - 0.5) * s) }

// One blossom with n petals of radius r about the middle of its tile.
#declare Blossom = function (u, v, n, s, r, p) {
  Smooth (r * (0.55 + 0.45 * abs (cos (p / 2 * Tile_angle (u, v, n, s)))) - Round_tile (u, v, n, s), 0.12)
  * (0.55 + 0.45 * Smooth (abs (Frac (p * Tile_angle (u, v, n, s) / (2 * pi)) - 0.5) - 0.12, 0.2))
  * Smooth (abs (Round_tile (u, v, n, s) - 0.24 * r) - 0.07 * r, 0.10)
}
#declare Ring = function (v, h, w) { Smooth (w - abs (v - h), 0.05) }
#declare Vine = function (u, v, n, a) { Smooth (0.12 - abs (v - a * sin (2 * pi * n * u)) , 0.08) }
#declare Leaflet = function (u, v, n, a) {
  Smooth (0.62 - abs (v - a * sin (2 * pi * n * u) - 0.7 * sin (2 * pi * n * 4 * u))
          - 0.9 * abs (cos (2 * pi * n * 4 * u)), 0.15)
}
#declare Turn = function (a, b) { 0.5 + atan2 (b, a) / (2 * pi) }

#declare Vase_paint = function (u, v) {
  max (max (max (Ring (v, 2.2, 0.28), Ring (v, 3.1, 0.09)), max (Ring (v, 19.4, 0.10), Ring (v, 20.1, 0.32))),
       max (max (0.9 * Blossom (u, v - 11.2, 7, 7.2, 2.7, 6),
                 0.8 * Blossom (u + 0.0714, v - 11.2, 7, 7.2, 1.1, 5)),
            max (max (0.75 * Vine (u, v - 6.1, 7, 0.9), 0.6 * Leaflet (u, v - 6.1, 7, 0.9)),
                 max (0.75 * Vine (u, v - 16.6, 7, 0.9), max (0.6 * Leaflet (u, v - 16.6, 7, 0.9),
                      0.9 * Blossom (u, v - 21.9, 16, 1.6, 0.75, 4))))))
}

#declare Glaze = finish { diffuse 0.78 specular 1.6 roughness 0.004 reflection { 0.01, 0.16 fresnel on } conserve_energy }

#declare Porcelain_map =
color_map {
  [0.00 rgb <0.80, 0.80, 0.77>]
  [0.20 rgb <0.50, 0.56, 0.70>]
  [0.60 rgb <0.10, 0.16, 0.42>]
  [1.00 rgb <0.030, 0.055, 0.22>]
}

#declare Vase_at = <6.5, 0.5, 13>;
union {
  lathe {
    cubic_spline 14,
    <3.0, -1>, <4.2, 0>, <4.35, 0.9>, <5.0, 3>, <7.3, 8>, <7.9, 12>, <6.9, 16>, <4.4, 19.6>,
    <3.3, 21.6>, <3.2, 23.2>, <3.9, 25.2>, <4.5, 26>, <4.1, 25.8>, <2.8, 22>
    sturm
    texture {
      pigment { function { Vase_paint (Turn (x, z), y) } color_map { Porcelain_map } }
      finish { Glaze }
    }
    interior { ior 1.5 }
  }
  disc { <0, 21, 0>, y, 3.2 pigment { rgb 0.02 } }
  rotate y * 17
  translate Vase_at
}


//  twigs in the vase

#macro Leaf (Root, Along, Side, Length, Width, Green, Yellow)
  #local A = vnormalize (Along);
  #local S = vnormalize (Side);
  #local U = vnormalize (vcross (A, S));
  bicubic_patch {
    type 1 flatness 0.001 u_steps 3 v_steps 3
    uv_vectors <0, 0>, <0, 1>, <1, 1>, <1, 0>
    Root,
    Root - U * 0.02, Root + U * 0.02,
    Root,
    Root + A * Length * 0.33 - S * Width, Root + A * Length * 0.33 - S * Width * 0.3 - U * Width * 0.35,
    Root + A * Length * 0.33 + S * Width * 0.3 - U * Width * 0.35, Root + A * Length * 0.33 + S * Width,
    Root + A * Length * 0.70 - S * Width * 0.8 - U * 0.3, Root + A * Length * 0.70 - S * Width * 0.25 - U * 0.55,
    Root + A * Length * 0.70 + S * Width * 0.25 - U * 0.55, Root + A * Length * 0.70 + S * Width * 0.8 - U * 0.3,
    Root + A * Length - U * 0.9, Root + A * Length - U * 0.9,
    Root + A * Length - U * 0.9, Root + A * Length - U * 0.9
    texture {
      uv_mapping
      pigment {
        // Veins: the midrib, and ribs that leave it at an angle.
        function { max (Smooth (0.035 - abs (x - 0.5), 0.03),
                        0.6 * Smooth (0.10 - abs (Frac (7 * (y + 0.55 * abs (x - 0.5))) - 0.5), 0.08)) }
        color_map { [0 Green] [1 Yellow] }
      }
      finish { diffuse 0.7 specular 0.28 roughness 0.02 }
    }
  }
#end

#declare Twig_random = seed (23);
#macro Spread (Amount) (Amount * (2 * rand (Twig_random) - 1)) #end

#macro Twig (Lean, Height, Leaves)
  #local Path = spline {
    cubic_spline
    -0.3, <0, -10, 0>, 0, <Lean.x * 0.06, 0, Lean.z * 0.06>,
    0.4, <Lean.x * 0.28 + Spread (0.6), Height * 0.42, Lean.z * 0.28 + Spread (0.6)>,
    0.75, <Lean.x * 0.66 + Spread (0.8), Height * 0.78, Lean.z * 0.66>,
    1, <Lean.x, Height, Lean.z>, 1.2, <Lean.x * 1.3, Height * 1.1, Lean.z * 1.3>
  }
  #local I = 0;
  #while (I < 24)
    cone { Path (I / 24), 0.26 * (1.15 - I / 24), Path ((I + 1) / 24), 0.26 * (1.15 - (I + 1) / 24)
           pigment { rgb <0.16, 0.105, 0.06> } normal { bumps 0.6 scale 0.2 } }
    #local I = I + 1;
  #end
  #local I = 0;
  #while (I < Leaves)
    #local T = 0.28 + 0.72 * (I + 0.5 * rand (Twig_random)) / Leaves;
    #local Dir = vnormalize (Path (T + 0.02) - Path (T - 0.02));
    #local Around = vnormalize (vcross (Dir, vnormalize (<Spread (1), Spread (0.4), Spread (1)>)));
    #local Out = vnormalize (Dir * 0.75 + Around * 0.9 - y * 0.15);
    #local Tone = 0.75 + 0.5 * rand (Twig_random);
    Leaf (Path (T), Out, vcross (Out, y) + <0, Spread (0.35), 0>,
          4.4 + 2.2 * rand (Twig_random), 0.85 + 0.4 * rand (Twig_random),
          rgb <0.17 + Spread (0.05), 0.28, 0.11> * Tone, rgb <0.42, 0.50, 0.27> * Tone)
    #local I = I + 1;
  #end
#end

union {
  Twig (<-19, 0, -4>, 11, 17)
  Twig (<-10, 0, -7>, 16, 18)
  Twig (<1, 0, -6>, 14, 15)
  Twig (<13, 0, -2>, 14, 18)
  Twig (<21, 0, -7>, 8, 16)
  Twig (<-14, 0, 6>, 15, 15)
  Twig (<6, 0, 6>, 18, 15)
  translate Vase_at + y * 22.5
}


//  basket of fruit

#declare Basket_random = seed (3);
#macro Strand (Level, Radius, Phase, Stakes, Thick, Willow)
  #local Steps = Stakes * 6;
  #local I = 0;
  #while (I < Steps)
    #local A = 2 * pi * I / Steps;
    #local B = 2 * pi * (I + 1) / Steps;
    #local Ra = Radius + 0.42 * cos (Stakes / 2 * A + Phase);
    #local Rb = Radius + 0.42 * cos (Stakes / 2 * B + Phase);
    #local P = <Ra * cos (A), Level, Ra * sin (A)>;
    #local Q = <Rb * cos (B), Level, Rb * sin (B)>;
    cylinder { P, Q, Thick texture { Willow } }
    sphere { P, Thick texture { Willow } }
    #local I = I + 1;
  #end
#end

#declare Basket_stakes = 34;
#declare Basket =
union {
  #declare Row = 0;
  #while (Row < 13)
    #declare Tone = 0.75 + 0.45 * rand (Basket_random);
    #declare Willow =
    texture {
      pigment { bozo scale <1.5, 0.2, 1.5> translate Row * 7
                color_map { [0.2 rgb <0.40, 0.25, 0.11> * Tone] [0.8 rgb <0.60, 0.42, 0.21> * Tone] } }
      finish { specular 0.25 roughness 0.04 }
    }
    Strand (0.4 + Row * 0.72, 9.4 + 3.0 * pow (Row / 12, 0.7), pi * Row, Basket_stakes, 0.36, Willow)
    #declare Row = Row + 1;
  #end
  #declare I = 0;
  #while (I < Basket_stakes)
    #declare A = 2 * pi * (I + 0.5) / Basket_stakes * 1;
    cone { <9.5 * cos (A), 0, 9.5 * sin (A)>, 0.22, <12.3 * cos (A), 9.4, 12.3 * sin (A)>, 0.2
           pigment { rgb <0.36, 0.23, 0.11> } }
    #declare I = I + 1;
  #end
  // The rim: two strands twisted about each other.
  #declare I = 0;
  #while (I < 240)
    #declare A = 2 * pi * I / 240;
    #declare T = 26 * A;
    sphere { <(12.5 + 0.4 * cos (T)) * cos (A), 9.8 + 0.4 * sin (T), (12.5 + 0.4 * cos (T)) * sin (A)>, 0.45
             pigment { rgb <0.52, 0.35, 0.17> } finish { specular 0.25 roughness 0.04 } }
    sphere { <(12.5 - 0.4 * cos (T)) * cos (A), 9.8 - 0.4 * sin (T), (12.5 - 0.4 * cos (T)) * sin (A)>, 0.45
             pigment { rgb <0.43, 0.28, 0.13> } finish { specular 0.25 roughness 0.04 } }
    #declare I = I + 1;
  #end
  cylinder { 0, y * 0.4, 9.4 pigment { rgb <0.2, 0.13, 0.07> } }
}

#declare Orange =
union {
  sphere {
    0, 3.7
    texture {
      pigment { bozo scale 2 color_map { [0 rgb <0.82, 0.30, 0.025>] [1 rgb <0.90, 0.38, 0.04>] } }
      normal { dents 0.8 scale 0.32 }
      finish { diffuse 0.75 specular 0.7 roughness 0.02 }
    }
  }
  sphere { <0, 3.62, 0>, 0.35 scale <1, 1, 1> pigment { rgb <0.12, 0.15, 0.05> } normal { bumps 1 scale 0.1 } }
}

#declare Lemon =
sphere {
  0, 1
  scale <4.1, 2.9, 2.9>
  texture {
    pigment { bozo scale 2.5 color_map { [0 rgb <0.86, 0.66, 0.06>] [1 rgb <0.80, 0.62, 0.09>] } }
    normal { dents 0.7 scale 0.36 }
    finish { diffuse 0.75 specular 0.7 roughness 0.015 }
  }
}

#declare Apple =
union {
  lathe {
    cubic_spline 12,
    <-0.6, 4.6>, <0.0, 4.9>, <0.7, 5.5>, <2.2, 6.2>, <3.7, 5.0>, <3.9, 3.3>, <3.2, 1.2>, <1.8, 0.1>,
    <0.9, 0.15>, <0.3, 0.5>, <0.0, 0.6>, <-0.5, 0.6>
    sturm
    texture {
      pigment {
        // Streaks from the stalk down, red over yellow-green.
        function { 0.55 * Cloud (9 * Turn (x, z), 0.10 * y, 5) + 0.35 * Cloud (34 * Turn (x, z), 0.25 * y, 0)
                   + 0.30 * Cloud (x / 4, y / 4, z / 4) }
        color_map { [0.36 rgb <0.62, 0.46, 0.10>] [0.50 rgb <0.56, 0.15, 0.055>] [0.75 rgb <0.34, 0.030, 0.028>] }
      }
      finish { diffuse 0.75 specular 1.2 roughness 0.005 reflection { 0.0, 0.08 } }
    }
  }
  cone { <0, 4.8, 0>, 0.16, <0.4, 7.0, 0.1>, 0.22 pigment { rgb <0.13, 0.08, 0.04> } }
}

union {
  object { Basket }
  object { Orange rotate <-20, 0, 30> translate <-5.2, 8.6, -3.5> }
  object { Lemon rotate <0, 35, 12> translate <2.2, 9.6, -5.6> }
  object { Apple rotate <14, 100, -12> translate <6.4, 6.6, 0.2> }
  object { Orange rotate <25, 40, 10> translate <0.4, 9.6, 2.6> }
  object { Apple rotate <-20, 10, 16> translate <-5.8, 6.4, 4.5> }
  object { Orange rotate <25, 140, 10> translate <4.6, 8.0, 7> }
  translate <28, 0, 6>
}
object { Lemon rotate <0, -28, 4> translate <25.5, 3.3, -17> }
object { Apple rotate <0, 200, 0> translate <37, 0, -14> }


//  books

#macro Book (Wide, Thick, Deep, Cloth, Title, Size)
  union {
    // Boards, and the spine towards the camera.
    union {
      box { <-Wide / 2, 0, 0>, <Wide / 2, 0.28, Deep> }
      box { <-Wide / 2, Thick - 0.28, 0>, <Wide / 2, Thick, Deep> }
      intersection {
        cylinder { <-Wide / 2, Thick / 2, Thick * 0.45>, <Wide / 2, Thick / 2, Thick * 0.45>, Thick * 0.673 }
        box { <-Wide / 2, 0, -Thick>, <Wide / 2, Thick, 0.3> }
      }
      texture {
        pigment { Threads (pigment { rgb Cloth }, pigment { rgb Cloth * 1.25 }) rotate x * 12 scale 0.23 }
        normal { function { Weave (x, y, z) } 0.5 rotate x * 12 scale 0.23 }
        finish { diffuse 0.8 specular 0.06 roughness 0.1 }
      }
    }
    box {
      <-Wide / 2 + 0.4, 0.28, 0.3>, <Wide / 2 - 0.4, Thick - 0.28, Deep - 0.5>
      texture {
        pigment {
          function { Cloud (x / 60, 11 * y, z / 50) }
          color_map { [0.2 rgb <0.40, 0.34, 0.25>] [0.5 rgb <0.70, 0.64, 0.51>] [0.8 rgb <0.80, 0.75, 0.62>] }
        }
      }
    }
    #local Letters = text { internal 1 Title 2, 0.02 }
    #local Half = (min_extent (Letters) + max_extent (Letters)) / 2;
    union {
      object { Letters translate -Half * x scale <Size, Size, 1> translate <0, Thick / 2 - 0.34 * Size, -1> }
      box { <-Wide / 2 + 1.6, 0.25, -1>, <-Wide / 2 + 1.8, Thick - 0.25, 0> }
      box { <-Wide / 2 + 2.1, 0.25, -1>, <-Wide / 2 + 2.2, Thick - 0.25, 0> }
      box { <Wide / 2 - 1.8, 0.25, -1>, <Wide / 2 - 1.6, Thick - 0.25, 0> }
      box { <Wide / 2 - 2.2, 0.25, -1>, <Wide / 2 - 2.1, Thick - 0.25, 0> }
      pigment { rgb <0.66, 0.47, 0.17> }
      finish { diffuse 0.6 specular 0.7 roughness 0.03 metallic }
    }
  }
#end

union {
  object { Book (27, 4.4, 19, <0.10, 0.16, 0.13>, "LIGHT AND SHADOW", 2.0) }
  object { Book (25, 3.4, 17.5, <0.30, 0.055, 0.045>, "The Patient Observer", 1.7) rotate y * 5 translate <0.4, 4.4, 0.8> }
  object { Book (22, 3.0, 16, <0.33, 0.25, 0.12>, "A Herbal", 1.6) rotate y * -6 translate <-0.8, 7.8, 1.2> }
  rotate y * -9
  translate <-29, 0, 8>
}


//  yarn

#declare Yarn_random = seed (8);
#macro Yarn_ball (Radius, Strands, Tint)
  union {
    #local I = 0;
    #while (I < Strands)
      #local Bunch = floor (I / 7);
      #local Tilt = mod (Bunch * 67, 180);
      #local Spin = mod (Bunch * 113, 360);
      #local Off = (mod (I, 7) - 3) * 0.78;
      torus {
        sqrt (pow (Radius + 0.35 * I / Strands, 2) - Off * Off), 0.40
        translate y * Off
        texture {
          pigment { radial frequency 64 color_map { [0 rgb Tint * 0.55] [0.5 rgb Tint * 1.1] [1 rgb Tint * 0.55] } rotate y * 360 * rand (Yarn_random) }
          normal { radial 0.6 frequency 64 sine_wave }
          finish { diffuse 0.8 }
        }
        rotate <Tilt + 4 * rand (Yarn_random), 0, 5 * rand (Yarn_random)>
        rotate y * Spin
      }
      #local I = I + 1;
    #end
    sphere { 0, Radius - 0.1 pigment { rgb Tint * 0.4 } }
  }
#end

object { Yarn_ball (4.4, 77, <0.47, 0.30, 0.33>) translate <-31, 15.4, 17> }
object { Yarn_ball (4.4, 77, <0.20, 0.36, 0.40>) rotate y * 70 translate <-17.5, 5.3, -8> }


//  candlestick

lathe {
  cubic_spline 20,
  <5, -1>, <5.0, 0>, <5.2, 0.5>, <4.6, 1.0>, <2.6, 1.6>, <1.4, 2.6>, <0.9, 4.2>, <1.0, 5.2>, <1.9, 6.0>, <1.0, 6.9>,
  <0.75, 9>, <0.85, 13>, <1.1, 14.6>, <1.9, 15.4>, <1.2, 16.2>, <1.3, 17.4>, <2.9, 18.2>, <3.0, 18.5>, <1.3, 18.5>, <0, 18.4>
  sturm
  texture {
    pigment { rgb <0.48, 0.31, 0.10> }
    finish { ambient 0.5 diffuse 0.45 specular 0.9 roughness 0.008 metallic reflection { 0.32 metallic } }
  }
  translate <-11, 0, 9>
}
union {
  cylinder { 0, y * 11, 1.05 }
  sphere { y * 11, 1.05 scale <1, 1, 1> }
  texture { pigment { rgb <0.80, 0.76, 0.64> } finish { ambient 1.4 diffuse 0.72 specular 0.3 roughness 0.03 } }
  translate <-11, 18.4, 9>
}
cylinder { <-11, 30, 9>, <-10.8, 31.4, 9>, 0.12 pigment { rgb 0.02 } }


//  knitting on its needles

#declare Knit_random = seed (31);
#macro Stitch_at (T, Row)
  #local X = 1.08 * T / (2 * pi) - 0.30 * sin (2 * T);
  #local Z = 0.84 * Row - 0.62 * cos (T);
  <X, 0.55 + 0.17 * cos (2 * T) + 0.9 * Cloud (X / 7, 0, Z / 6), Z>
#end

#declare Stitches = 22;
#declare Knit_rows = 21;
union {
  #declare Row = 0;
  #while (Row < Knit_rows)
    #switch (mod (Row, 7))
      #case (2) #case (3) #declare Wool = <0.66, 0.60, 0.50>; #break
      #else               #declare Wool = <0.22, 0.38, 0.42>;
    #end
    #declare Wool = Wool * (0.92 + 0.16 * rand (Knit_random));
    union {
      #declare Last_at = Stitch_at (0, Row);
      #declare I = 1;
      #while (I <= Stitches * 12)
        #declare Next_at = Stitch_at (2 * pi * I / 12, Row);
        cylinder { Last_at, Next_at, 0.185 }
        sphere { Next_at, 0.185 }
        #declare Last_at = Next_at;
        #declare I = I + 1;
      #end
      texture {
        pigment { bozo scale 0.11 color_map { [0.25 rgb Wool * 0.6] [0.6 rgb Wool] [0.9 rgb Wool * 1.25] } }
        finish { diffuse 0.8 }
      }
    }
    #declare Row = Row + 1;
  #end
  rotate y * 12
  translate <-43, 0.1, -22>
}

#macro Needle (From, To)
  union {
    cylinder { From, To, 0.30 }
    cone { To, 0.30, To + 2.2 * vnormalize (To - From), 0.04 }
    sphere { From, 0.75 }
    texture {
      pigment { wood turbulence 0.1 color_map { [0 rgb <0.62, 0.42, 0.20>] [1 rgb <0.42, 0.25, 0.10>] } scale 0.3 rotate <5, 70, 0> }
      finish { specular 0.5 roughness 0.01 }
    }
  }
#end
object { Needle (<-44.5, 1.3, -5.5>, <-14, 1.5, -16.0>) }


//  a card with a printed page, leaning on the books

#declare Page_line = array[13] {
  "The candle and the window",
  "A lamp shows every thing",
  "as the evening sees it: the",
  "gold of the brass, the grain",
  "of old oak, the leaf that is",
  "half in its own shade. But",
  "the hand that holds the box",
  "wants time, and time is what",
  "the evening does not give.",
  "So light a spark, and keep",
  "from it the edges, from the",
  "lamp the mood, and from",
  "neither of them the noise." }

union {
  box {
    <-6.2, 0, 0>, <6.2, 16.6, 0.12>
    pigment { bozo turbulence 0.5 scale 4 color_map { [0.3 rgb <0.74, 0.69, 0.57>] [0.8 rgb <0.80, 0.77, 0.67>] } }
    normal { granite 0.12 scale 1.5 }
  }
  union {
    #declare I = 0;
    #while (I < 13)
      #declare Size = (I = 0 ? 0.98 : 0.90);
      text { internal 1 Page_line[I] 0.1, 0 scale <Size, Size, 1>
             translate <-5.3, 14.9 - 1.08 * I - (I > 0 ? 0.35 : 0), -0.03> }
      #declare I = I + 1;
    #end
    box { <-5.3, 14.44, -0.03>, <5.3, 14.52, 0> }
    pigment { rgb <0.055, 0.05, 0.05> }
  }
  rotate x * 21
  rotate y * -14
  translate <-3.2, 0.9, -6>
}


//  cup and saucer

#declare Celadon =
texture {
  pigment { bozo scale <3, 5, 3> color_map { [0.2 rgb <0.25, 0.42, 0.35>] [0.9 rgb <0.33, 0.50, 0.41>] } }
  finish { Glaze }
}
union {
  lathe {
    cubic_spline 14,
    <0, 0.9>, <0, 0.6>, <2.2, 0.6>, <2.5, 0.1>, <2.8, 0.5>, <4.3, 2.8>, <4.9, 5.6>, <5.2, 7.2>, <4.95, 7.3>, <4.6, 5.6>,
    <4.0, 3.0>, <2.4, 1.2>, <0, 1.0>, <-2, 1.2>
    sturm
  }
  intersection {
    torus { 1.9, 0.42 rotate x * 90 scale <1, 1.1, 1> translate <5.1, 4.5, 0> }
    box { <4.4, 0, -3>, <9, 9, 3> }
  }
  texture { Celadon }
  interior { ior 1.5 }
  translate y * 1.1
  rotate y * 38
  translate <17.5, 0.7, -10>
}
lathe {
  cubic_spline 9,
  <0, 0.9>, <0, 0.5>, <3.5, 0.5>, <5.5, 0.9>, <8.0, 1.9>, <8.1, 1.65>, <5.5, 0.4>, <0, 0.1>, <-2, 0.1>
  sturm
  texture { Celadon }
  interior { ior 1.5 }
  translate <17.5, 0.9, -10>
}
